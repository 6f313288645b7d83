"""The search for violated pairs finds what looking at every pair finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from mtui.matching import pricing
from mtui.matching.cells import compute_cells
from mtui.matching.pricing import PairSearch
from mtui.matching.problem import Duals, Points
from tests.matching.scenes import make_scene

SCALE = 2.0**20


def make_search(seed: int, gate_ang: float = np.inf) -> tuple[Points, Duals]:
    old, new = make_scene("noisy", 150, 130, seed)
    random = np.random.default_rng(seed)
    duals = [np.rint((random.random(count) - 0.3) * 400 * SCALE) for count in (150, 130)]
    return Points(old, new, SCALE, gate_ang), Duals(duals[0], duals[1])


def violated(points: Points, duals: Duals, slack_ang: float = 0.0) -> np.ndarray:
    """(N, M) by looking at every pair."""
    cost = np.rint(cdist(points.old_ang, points.new_ang) * SCALE)
    excess = cost - duals.old[:, None] - duals.new
    return np.asarray((excess < slack_ang * SCALE) & (cost <= points.gate_cost))


def keys_of(found: np.ndarray) -> list[int]:
    return [int(key) for key in np.flatnonzero(found)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("gate_ang", [np.inf, 300.0])
@pytest.mark.parametrize("slack_ang", [0.0, 30.0])
def test_all_violated_pairs_are_found(
    seed: int, gate_ang: float, slack_ang: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pricing, "PAIRS_PER_OLD", 1000)
    monkeypatch.setattr(pricing, "BLOCK_COLUMNS", 17)
    points, duals = make_search(seed, gate_ang)
    found = PairSearch(points).find(duals, np.ones(150, np.bool_), np.zeros(130, np.bool_), slack_ang)
    expected = violated(points, duals, slack_ang)
    assert expected.any()
    assert sorted(found.keys.tolist()) == keys_of(expected)
    np.testing.assert_array_equal(found.cost, points.cost(*np.divmod(found.keys, 130)))
    assert not found.crowded.size


def test_only_pairs_of_grown_particles_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "PAIRS_PER_OLD", 1000)
    points, duals = make_search(2)
    random = np.random.default_rng(7)
    old_grown, new_grown = random.random(150) < 0.1, random.random(130) < 0.2
    found = PairSearch(points).find(duals, old_grown, new_grown)
    expected = violated(points, duals) & (old_grown[:, None] | new_grown)
    assert sorted(found.keys.tolist()) == keys_of(expected)


def test_the_worst_pairs_of_crowded_particles_come_first() -> None:
    points, duals = make_search(3)
    duals = Duals(duals.old + 3000 * SCALE, duals.new)
    found = PairSearch(points).find(duals, np.ones(150, np.bool_), np.zeros(130, np.bool_))
    expected = violated(points, duals)
    crowded = np.flatnonzero(expected.sum(axis=1) > pricing.PAIRS_PER_OLD)
    np.testing.assert_array_equal(found.crowded, crowded)
    excess = np.rint(cdist(points.old_ang, points.new_ang) * SCALE) - duals.new
    old, new = np.divmod(found.keys, 130)
    for row in crowded[:20]:
        best = np.sort(excess[row])[: pricing.PAIRS_PER_OLD]
        np.testing.assert_array_equal(np.sort(excess[row, new[old == row]]), best)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 200])
def test_cells_hold_every_position_once_within_their_boxes(count: int) -> None:
    positions, _ = make_scene("unrelated", count, 1, 4)
    cells = compute_cells(positions)
    assert sorted(cells.order.tolist()) == list(range(count))
    for cell in range(len(cells.start)):
        members = positions[cells.members(cell)]
        np.testing.assert_array_equal(members.min(axis=0), cells.low_ang[cell])
        np.testing.assert_array_equal(members.max(axis=0), cells.high_ang[cell])
    every = cells.members_of(np.ones(len(cells.start), np.bool_))
    np.testing.assert_array_equal(every, cells.order)
