"""Pairs of whole particle sets under M's rule: golden cases, and what must hold for any sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mtui.errors import MatchingError
from mtui.matching.pairs import Pairs, pair_particles, rows_by_series
from mtui.matching.sets import sort_distances
from tests.matching.scenes import least_total_ang, make_scene

GOLDEN = Path(__file__).parents[1] / "data" / "intersection.npz"
Texts = NDArray[np.str_]
Floats = NDArray[np.float64]
Sets = tuple[Floats, Texts, Floats, Texts]


def make_sets(seed: int, series: int = 4, most: int = 40) -> Sets:
    """Two sets in several tilt series, rows shuffled; each set lacks one of the series."""
    random = np.random.default_rng(seed)
    parts = []
    for index in range(series):
        n_old, n_new = (int(count) for count in random.integers(1, most, 2))
        old, new = make_scene("noisy", n_old, n_new, seed * 10 + index)
        parts.append((old, new, f"hash{index}"))
    old_parts, new_parts = parts[:-1], parts[1:]
    old_ang = np.concatenate([old for old, _, _ in old_parts])
    new_ang = np.concatenate([new for _, new, _ in new_parts])
    old_hash = np.repeat([name for _, _, name in old_parts], [len(old) for old, _, _ in old_parts])
    new_hash = np.repeat([name for _, _, name in new_parts], [len(new) for _, new, _ in new_parts])
    old_order, new_order = random.permutation(len(old_ang)), random.permutation(len(new_ang))
    return old_ang[old_order], old_hash[old_order], new_ang[new_order], new_hash[new_order]


def as_set(pairs: Pairs) -> set[tuple[int, int]]:
    return set(zip(pairs.old_index.tolist(), pairs.new_index.tolist(), strict=True))


@pytest.mark.parametrize("case", range(5))
def test_golden_pairs_and_distances(case: int) -> None:
    with np.load(GOLDEN) as golden:
        stem = f"case{case}"
        pairs = pair_particles(
            golden[f"{stem}_old_xyz"],
            golden[f"{stem}_old_hash"],
            golden[f"{stem}_new_xyz"],
            golden[f"{stem}_new_hash"],
        )
        found = np.column_stack([pairs.old_index, pairs.new_index])
        np.testing.assert_array_equal(found, golden[f"{stem}_pairs"])
        np.testing.assert_allclose(pairs.distance_ang, golden[f"{stem}_distances"], rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_each_series_has_the_least_total_and_all_possible_pairs(seed: int) -> None:
    old_ang, old_hash, new_ang, new_hash = make_sets(seed)
    pairs = pair_particles(old_ang, old_hash, new_ang, new_hash)
    np.testing.assert_array_equal(old_hash[pairs.old_index], new_hash[pairs.new_index])
    old_rows, new_rows = rows_by_series(old_hash), rows_by_series(new_hash)
    assert set(old_hash[pairs.old_index]) == old_rows.keys() & new_rows.keys()
    for name in old_rows.keys() & new_rows.keys():
        in_series = old_hash[pairs.old_index] == name
        assert in_series.sum() == min(len(old_rows[name]), len(new_rows[name]))
        least = least_total_ang(old_ang[old_rows[name]], new_ang[new_rows[name]])
        assert pairs.distance_ang[in_series].sum() == pytest.approx(least, rel=1e-9)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_order_of_rows_does_not_matter(seed: int) -> None:
    old_ang, old_hash, new_ang, new_hash = make_sets(seed)
    random = np.random.default_rng(seed)
    old_order, new_order = random.permutation(len(old_ang)), random.permutation(len(new_ang))
    pairs = pair_particles(old_ang, old_hash, new_ang, new_hash)
    other = pair_particles(old_ang[old_order], old_hash[old_order], new_ang[new_order], new_hash[new_order])
    back = zip(old_order[other.old_index].tolist(), new_order[other.new_index].tolist(), strict=True)
    assert set(back) == as_set(pairs)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_swapped_sets_have_the_same_pairs(seed: int) -> None:
    old_ang, old_hash, new_ang, new_hash = make_sets(seed)
    pairs = pair_particles(old_ang, old_hash, new_ang, new_hash)
    swapped = pair_particles(new_ang, new_hash, old_ang, old_hash)
    assert {(new, old) for old, new in as_set(swapped)} == as_set(pairs)


@given(seed=st.integers(0, 10**6), tolerances=st.lists(st.floats(0, 500), min_size=2, max_size=6))
@settings(max_examples=25, deadline=None)
def test_counts_grow_with_the_tolerance_and_add_up(seed: int, tolerances: list[float]) -> None:
    old_ang, old_hash, new_ang, new_hash = make_sets(seed)
    pairs = pair_particles(old_ang, old_hash, new_ang, new_hash)
    distances = sort_distances(pairs, len(old_ang), len(new_ang))
    counts = [distances.counts(tolerance) for tolerance in sorted(tolerances)]
    assert all(count.old + count.both == len(old_ang) for count in counts)
    assert all(count.new + count.both == len(new_ang) for count in counts)
    assert [count.both for count in counts] == sorted(count.both for count in counts)


def test_the_steal_under_the_rule_of_m() -> None:
    old, new = np.zeros((2, 3)), np.zeros((2, 3))
    old[:, 0], new[:, 0] = (0, 10), (9, 19)
    one = np.array(["a", "a"])
    pairs = pair_particles(old, one, new, one)
    assert as_set(pairs) == {(0, 0), (1, 1)}
    assert pairs.distance_ang.tolist() == [9.0, 9.0]
    assert sort_distances(pairs, 2, 2).counts(5.0).both == 0


@pytest.mark.parametrize("side", ["old", "new"])
def test_an_empty_side_has_no_pairs(side: str) -> None:
    some, none = np.zeros((3, 3)), np.empty((0, 3))
    three, nothing = np.array(["a"] * 3), np.empty(0, "<U1")
    if side == "old":
        assert len(pair_particles(none, nothing, some, three)) == 0
    else:
        assert len(pair_particles(some, three, none, nothing)) == 0


def test_sets_without_a_common_series_have_no_pairs() -> None:
    some = np.zeros((2, 3))
    assert len(pair_particles(some, np.array(["a", "a"]), some, np.array(["b", "c"]))) == 0


def test_one_old_particle_takes_the_nearest_new_one() -> None:
    new = np.array([[9.0, 0, 0], [3, 0, 0], [0, 4, 0]])
    pairs = pair_particles(np.zeros((1, 3)), np.array(["a"]), new, np.array(["a"] * 3))
    assert as_set(pairs) == {(0, 1)}


def test_coordinates_that_are_not_numbers_name_their_rows() -> None:
    new = np.zeros((20, 3))
    new[[4, 7], 1] = np.nan, np.inf
    same = np.array(["a"] * 20)
    with pytest.raises(MatchingError, match=r"new set .* in row 5, 8\.") as caught:
        pair_particles(np.zeros((20, 3)), same, new, same)
    assert caught.value.hint
    new[:] = np.nan
    with pytest.raises(MatchingError, match=r"row 1, 2, 3, .*10, \.\.\. \(20 rows\)"):
        pair_particles(np.zeros((20, 3)), same, new, same)


def test_float32_positions_keep_their_own_distances() -> None:
    old, new = np.array([[4000.0, 0, 0]], np.float32), np.array([[4000.0, 0.25, 0]], np.float32)
    pairs = pair_particles(old, np.array(["a"]), new, np.array(["a"]))
    assert pairs.distance_ang.tolist() == [0.25]
