"""Counts, histogram and composition of paired sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mtui.matching.distances import BINS, Counts, Distances
from mtui.matching.pairs import Pairs
from mtui.matching.sets import compose, sort_distances, within

Hashes = NDArray[np.str_]
Sets = tuple[Pairs, Hashes, Hashes]

KEPT = {
    "intersection": ("both",),
    "union": ("old", "both", "new"),
    "only_old": ("old",),
    "only_new": ("new",),
    "symmetric_difference": ("old", "new"),
}


def make_pairs(old: list[int], new: list[int], distances: list[float]) -> Pairs:
    return Pairs(np.array(old, np.intp), np.array(new, np.intp), np.array(distances, np.float64))


def hashes(*texts: str) -> Hashes:
    return np.array(texts, np.str_)


def rows(pairs: Pairs, old: Hashes, new: Hashes, tolerance: float, *keep: str) -> list[list[int]]:
    found = compose(pairs, old, new, tolerance, keep)
    return [[int(side), int(index)] for side, index in zip(found.side, found.index, strict=True)]


@pytest.mark.shared
def test_golden_counts_and_compositions(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "cases.json").read_text())["intersection"]
    compared = 0
    with np.load(shared / "golden" / "intersection.npz") as golden:
        for case in cases:
            stem = f"case{case['case']}"
            index = golden[f"{stem}_pairs"]
            pairs = Pairs(index[:, 0], index[:, 1], golden[f"{stem}_distances"])
            old, new = golden[f"{stem}_old_hash"], golden[f"{stem}_new_hash"]
            distances = sort_distances(pairs, len(old), len(new))
            for expected in case["tolerances"]:
                tolerance = expected["tolerance"]
                counts = Counts(expected["only_old"], expected["both"], expected["only_new"])
                assert distances.counts(tolerance) == counts
                for name, keep in KEPT.items():
                    composition = golden[f"{stem}_{name}_tol{tolerance:g}"]
                    assert rows(pairs, old, new, tolerance, *keep) == composition.tolist()
                    assert counts.kept(keep) == len(composition)
                    compared += 1
    assert compared == 75


def test_a_distance_equal_to_the_tolerance_counts() -> None:
    distances = sort_distances(make_pairs([0, 1, 2], [0, 1, 2], [5.0, 5.0000005, 5.00001]), 3, 3)
    assert distances.counts(5.0) == Counts(1, 2, 1)
    assert distances.counts(0.0) == Counts(3, 0, 3)


def test_particles_without_partner_are_only_in_their_set() -> None:
    distances = sort_distances(make_pairs([1], [0], [2.0]), 4, 2)
    assert distances.counts(10.0) == Counts(3, 1, 1)
    assert distances.counts(1.0) == Counts(4, 0, 2)


def test_result_is_old_then_new_by_hash() -> None:
    pairs = make_pairs([0, 3], [1, 0], [1.0, 20.0])
    old, new = hashes("b", "a", "B", "b"), hashes("b", "b", "a")
    assert rows(pairs, old, new, 10.0, "old", "both", "new") == [
        [0, 2],
        [0, 1],
        [1, 2],
        [0, 0],
        [0, 3],
        [1, 0],
    ]
    assert rows(pairs, old, new, 10.0, "both") == [[0, 0]]
    assert rows(pairs, old, new, 10.0, "new") == [[1, 2], [1, 0]]
    assert rows(pairs, old, new, 10.0) == []


def test_histogram_is_that_of_m() -> None:
    # 99 Å on 99 steps: a bin per Å, halves to the even one.
    distances = Distances(np.array([0.0, 0.5, 1.5, 2.5, 2.6, 99.0]), 6, 6)
    found = distances.histogram()
    assert found.end_ang == 99.0
    assert {index: int(count) for index, count in enumerate(found.counts) if count} == {
        0: 2,
        2: 2,
        3: 1,
        99: 1,
    }
    assert found.centres_ang[[0, 1, 99]].tolist() == [0.0, 1.0, 99.0]


def test_a_zoomed_histogram_ends_at_five_tolerances() -> None:
    distances = Distances(np.array([0.0, 0.5, 1.5, 4.95, 99.0]), 5, 5)
    assert distances.zoomed_end_ang(0.99) == pytest.approx(4.95)
    found = distances.histogram(4.95)
    assert {index: int(count) for index, count in enumerate(found.counts) if count} == {
        0: 1,
        10: 1,
        30: 1,
        99: 1,
    }
    assert found.centres_ang[-1] == 4.95
    assert distances.zoomed_end_ang(50.0) == 99.0
    assert distances.zoomed_end_ang(0.0) == 99.0


def test_the_axis_is_never_shorter_than_one_angstrom() -> None:
    assert Distances(np.array([0.25]), 1, 1).largest_ang == 1.0
    empty = Distances(np.zeros(0), 3, 4)
    assert (empty.largest_ang, empty.counts(10.0)) == (1.0, Counts(3, 0, 4))
    assert empty.histogram().counts.tolist() == [0] * BINS


@st.composite
def paired_sets(draw: st.DrawFn) -> Sets:
    """Any pairs inside of equal hashes."""
    old = draw(st.lists(st.sampled_from("abC"), max_size=12))
    new = draw(st.lists(st.sampled_from("abC"), max_size=12))
    pairs: list[tuple[int, int]] = []
    for name in "abC":
        olds = [index for index, text in enumerate(old) if text == name]
        news = [index for index, text in enumerate(new) if text == name]
        pairs += zip(olds, draw(st.permutations(news)), strict=False)
    distances = draw(st.lists(st.floats(0, 100), min_size=len(pairs), max_size=len(pairs)))
    made = make_pairs([pair[0] for pair in pairs], [pair[1] for pair in pairs], distances)
    return made, np.array(old, np.str_), np.array(new, np.str_)


@settings(max_examples=50, deadline=None)
@given(paired_sets(), st.floats(0, 120), st.floats(0, 120))
def test_counts_add_up_and_grow_with_the_tolerance(sets: Sets, one: float, other: float) -> None:
    pairs, old, new = sets
    distances = sort_distances(pairs, len(old), len(new))
    counts = distances.counts(one)
    assert counts.old + counts.both == len(old)
    assert counts.new + counts.both == len(new)
    assert counts.both == int(within(pairs, one).sum())
    low, high = sorted((one, other))
    assert distances.counts(low).both <= distances.counts(high).both
    assert distances.histogram().counts.sum() == len(pairs.distance_ang)
    for keep in KEPT.values():
        assert len(rows(pairs, old, new, one, *keep)) == counts.kept(keep)


@settings(max_examples=50, deadline=None)
@given(paired_sets(), st.floats(0, 120), st.data())
def test_counts_do_not_depend_on_the_order(sets: Sets, tolerance: float, data: st.DataObject) -> None:
    pairs, old, new = sets
    order = np.array(data.draw(st.permutations(range(len(old)))), np.intp)
    place = np.argsort(order)
    moved = Pairs(place[pairs.old_index], pairs.new_index, pairs.distance_ang)
    for keep in KEPT.values():
        before = rows(pairs, old, new, tolerance, *keep)
        after = rows(moved, old[order], new, tolerance, *keep)
        back = [[side, int(order[index]) if side == 0 else index] for side, index in after]
        assert sorted(back) == sorted(before)


@settings(max_examples=50, deadline=None)
@given(paired_sets(), st.floats(0, 120))
def test_swapping_the_sets_swaps_the_counts(sets: Sets, tolerance: float) -> None:
    pairs, old, new = sets
    swapped = Pairs(pairs.new_index, pairs.old_index, pairs.distance_ang)
    counts = sort_distances(pairs, len(old), len(new)).counts(tolerance)
    assert sort_distances(swapped, len(new), len(old)).counts(tolerance) == Counts(
        counts.new, counts.both, counts.old
    )
