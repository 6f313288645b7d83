"""As many pairs as possible within a tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.matching import exact
from mtui.matching.gated import pair_particles_within
from mtui.matching.pairs import Pairs, pair_particles
from mtui.matching.sets import sort_distances
from tests.matching.scenes import make_scene, most_within


def one_series(count: int) -> np.ndarray:
    return np.array(["a"] * count)


def within(old: np.ndarray, new: np.ndarray, tolerance_ang: float) -> Pairs:
    return pair_particles_within(old, one_series(len(old)), new, one_series(len(new)), tolerance_ang)


def on_a_line(*places_ang: float) -> np.ndarray:
    return np.array([[place, 0.0, 0.0] for place in places_ang])


def test_the_steal_does_not_happen() -> None:
    old, new = on_a_line(0, 10), on_a_line(9, 19)
    found = within(old, new, 5.0)
    assert (found.old_index.tolist(), found.new_index.tolist()) == ([1], [0])
    assert found.distance_ang.tolist() == [1.0]
    under_m = pair_particles(old, one_series(2), new, one_series(2))
    assert sort_distances(under_m, 2, 2).counts(5.0).both == 0


def test_two_pairs_go_before_one_short_one() -> None:
    found = within(on_a_line(0, 4), on_a_line(4, 8), 5.0)
    assert found.distance_ang.tolist() == [4.0, 4.0]


@pytest.mark.parametrize("few_pairs", [0, exact.FEW_PAIRS])
@pytest.mark.parametrize("seed", range(6))
def test_count_and_total_are_the_best(seed: int, few_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "FEW_PAIRS", few_pairs)
    old, new = make_scene("noisy", 60 + 10 * seed, 90, seed, box_ang=600)
    for tolerance in (10.0, 60.0, 400.0):
        found = within(old, new, tolerance)
        most, total = most_within(old, new, tolerance)
        assert len(found) == most
        assert found.distance_ang.sum() == pytest.approx(total, rel=1e-7)
        assert found.distance_ang.max() <= tolerance + 1e-6


@given(seed=st.integers(0, 10**6), tolerance=st.floats(1, 500))
@settings(max_examples=25, deadline=None)
def test_it_never_finds_fewer_than_m(seed: int, tolerance: float) -> None:
    old, new = make_scene("noisy", 40, 40, seed, box_ang=500)
    under_m = pair_particles(old, one_series(40), new, one_series(40))
    assert len(within(old, new, tolerance)) >= sort_distances(under_m, 40, 40).counts(tolerance).both


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_particles_elsewhere_change_nothing(seed: int) -> None:
    old, new = make_scene("noisy", 30, 35, seed, box_ang=500)
    far = np.random.default_rng(seed).random((7, 3)) * 500 + 5000
    found, with_far = within(old, new, 20.0), within(np.concatenate([old, far]), new, 20.0)
    np.testing.assert_array_equal(found.old_index, with_far.old_index)
    np.testing.assert_array_equal(found.new_index, with_far.new_index)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_counts_grow_with_the_tolerance_and_do_not_depend_on_the_side(seed: int) -> None:
    old, new = make_scene("unrelated", 30, 50, seed, box_ang=300)
    counts = [len(within(old, new, tolerance)) for tolerance in (5.0, 20.0, 50.0, 100.0, 600.0)]
    assert counts == sorted(counts)
    assert counts[-1] == 30
    assert counts[2] == len(within(new, old, 50.0))


def test_a_distance_equal_to_the_tolerance_counts() -> None:
    assert len(within(on_a_line(0), on_a_line(10), 10.0)) == 1
    assert len(within(on_a_line(0), on_a_line(10.001), 10.0)) == 0
    assert len(within(on_a_line(3), on_a_line(3), 0.0)) == 1


def test_many_copies_of_one_place_are_paired_as_far_as_they_go() -> None:
    found = within(np.zeros((5, 3)), np.zeros((8, 3)), 0.0)
    assert len(found) == len(set(found.new_index.tolist())) == 5
