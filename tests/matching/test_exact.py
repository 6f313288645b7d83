"""Pairs of one tilt series: the same total as a dense solver, whatever the sets look like."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from mtui.matching import exact, generation, pricing, warm
from mtui.matching.exact import pair_all, pair_by_duality, pair_most
from mtui.matching.problem import Points, Problem
from mtui.matching.warm import pair_with_matrix
from tests.matching.hungarian import pair_as_m
from tests.matching.scenes import (
    KINDS,
    Floats,
    least_total_ang,
    make_scene,
    most_within,
    random_scene,
    total_ang,
)

Found = tuple[NDArray[np.int64], NDArray[np.int64]]


def make_problem(old_ang: Floats, new_ang: Floats) -> Problem:
    alone = 0.0 if len(old_ang) < len(new_ang) else math.inf
    return Problem(Points(old_ang, new_ang, 2.0**28), math.inf, alone)


def by_duality(old_ang: Floats, new_ang: Floats) -> Found:
    if len(old_ang) > len(new_ang):
        new, old = by_duality(new_ang, old_ang)
        return old, new
    return pair_by_duality(make_problem(old_ang, new_ang))


def with_matrix(old_ang: Floats, new_ang: Floats) -> Found:
    if len(old_ang) > len(new_ang):
        new, old = with_matrix(new_ang, old_ang)
        return old, new
    return pair_with_matrix(make_problem(old_ang, new_ang))


def check_one_to_one(found: Found, count: int) -> None:
    assert len(found[0]) == len(found[1]) == count
    assert len(np.unique(found[0])) == len(np.unique(found[1])) == count


def check_least(old_ang: Floats, new_ang: Floats, found: Found) -> None:
    check_one_to_one(found, min(len(old_ang), len(new_ang)))
    assert total_ang(old_ang, new_ang, *found) == pytest.approx(least_total_ang(old_ang, new_ang), rel=1e-9)


def check_many(first: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random scenes, every second time with limits so small that each branch is taken."""
    for seed in range(first, first + count):
        old, new = random_scene(seed)
        with monkeypatch.context() as patch:
            if seed % 2:
                patch.setattr(warm, "DENSE_PAIRS", 10)
                patch.setattr(warm, "NEAREST_LEFT", 2)
                patch.setattr(pricing, "PAIRS_PER_OLD", 1)
                patch.setattr(pricing, "BATCH_PAIRS", 50)
                patch.setattr(generation, "EDGES_PER_PARTICLE", 1)
                patch.setattr(exact, "FEW_PAIRS", 0)
            check_least(old, new, by_duality(old, new))
            check_least(old, new, with_matrix(old, new))
            gate = float(np.random.default_rng(seed).choice([1e-6, 5.0, 40.0, 1000.0, 1e5]))
            found = pair_most(old, new, gate)
            most, total = most_within(old, new, gate)
        check_one_to_one(found, most)
        assert total_ang(old, new, *found) == pytest.approx(total, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("block", range(8))
def test_random_scenes_have_the_least_total(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    check_many(block * 100, 100, monkeypatch)


def test_many_rounds_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """The duals of this scene once grew beyond whole numbers from round to round."""
    check_many(6809, 1, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("block", range(16))
def test_thousands_of_random_scenes(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    check_many(1000 + block * 500, 500, monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(400, 400), (300, 420), (420, 300)])
def test_larger_scenes_of_each_kind(kind: str, sizes: tuple[int, int]) -> None:
    old, new = make_scene(kind, *sizes, seed=3)
    check_least(old, new, by_duality(old, new))
    check_least(old, new, with_matrix(old, new))


@pytest.mark.parametrize("sizes", [(500, 500), (495, 500), (500, 300), (1, 900), (1600, 1600)])
def test_the_choice_of_solver_does_not_change_the_total(sizes: tuple[int, int]) -> None:
    old, new = make_scene("noisy", *sizes, seed=1)
    found = pair_all(old, new)
    check_least(old, new, found)
    assert np.all(np.diff(found[0]) > 0)


@pytest.mark.parametrize("seed", range(30))
def test_pairs_are_those_of_m(seed: int) -> None:
    check_pairs_of_m(seed)


@pytest.mark.full
@pytest.mark.parametrize("block", range(10))
def test_pairs_are_those_of_m_in_a_thousand_scenes(block: int) -> None:
    for seed in range(30 + block * 100, 130 + block * 100):
        check_pairs_of_m(seed)


def check_pairs_of_m(seed: int) -> None:
    """Without ties the pairs themselves are those of M's float32 algorithm."""
    random = np.random.default_rng(seed)
    n_old, n_new = (int(count) for count in random.integers(1, 60, 2))
    kind = "noisy" if seed % 3 else "unrelated"
    old, new = make_scene(kind, n_old, n_new, seed)
    expected = np.column_stack(pair_as_m(old, new))
    for solve in (pair_all, by_duality, with_matrix):
        found = np.column_stack(solve(old, new))
        np.testing.assert_array_equal(found[np.argsort(found[:, 0])], expected)


def test_m_and_mtui_agree_on_the_total_where_distances_tie() -> None:
    for seed in range(10):
        old, new = make_scene("lattice", 40, 30, seed)
        expected = total_ang(old, new, *pair_as_m(old, new))
        assert total_ang(old, new, *pair_all(old, new)) == pytest.approx(expected, rel=1e-6)


def test_equal_sets_are_paired_at_no_distance() -> None:
    old, _ = make_scene("unrelated", 700, 1, 0)
    order = np.random.default_rng(0).permutation(700)
    first, second = by_duality(old, old[order])
    np.testing.assert_array_equal(order[second], first)


def test_thousands_in_one_series_need_no_matrix() -> None:
    old, new = make_scene("noisy", 2500, 2400, 5)
    check_least(old, new, by_duality(old, new))
