"""Search of all pairs of a tilt series for those that the dual variables of a matching do not yet allow.

A pair is violated if it is shorter than the sum of its two duals, d < s. Cells of particles are first
ruled out by their boxes and largest duals; in the rest every pair is looked at as d^2 - s^2 < 0, one
matrix product with six columns, without the square root of most pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.matching.cells import compute_cells
from mtui.matching.problem import Duals, Points

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]

BLOCK_COLUMNS = 2000
"""New particles per matrix product: it stays in the cache, and BLAS starts no threads for so little."""
BATCH_PAIRS = 1_000_000
"""Suspected pairs that are collected before their distances are computed: bounds the memory."""
PAIRS_PER_OLD = 16
"""Violated pairs reported per old particle, the worst ones first; further ones are found the next time."""


@dataclass(frozen=True, slots=True)
class Violations:
    """Pairs whose cost is below the sum of their duals."""

    keys: Indices
    """``old * n_new + new``."""
    cost: Floats
    crowded: Indices
    """Old particles that have more violated pairs than were reported."""


class PairSearch:
    """Finds violated pairs of two fixed sets of positions for changing dual variables."""

    def __init__(self, points: Points) -> None:
        """Sort both sets into cells."""
        self._points = points
        self._old_cells = compute_cells(points.old_ang)
        self._new_cells = compute_cells(points.new_ang)
        origin = points.old_ang.mean(axis=0)
        self._left = points.old_ang - origin
        self._right = points.new_ang - origin

    def find(self, duals: Duals, old_grown: Bools, new_grown: Bools, slack_ang: float = 0.0) -> Violations:
        """Violated pairs in which the dual of either particle has grown since the last search.

        Duals are in the unit of ``points.cost``. With ``slack_ang`` also pairs that miss being violated
        by less.
        """
        raised = Duals(duals.old + slack_ang * self._points.scale, duals.new)
        every_new = np.ones_like(new_grown)
        parts = [Violations(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))]
        for old_used, new_used in ((old_grown, every_new), (~old_grown, new_grown)):
            if old_used.any() and new_used.any():
                for old, new in self._batches(raised, old_used, new_used):
                    parts.append(_worst(self._points, raised, old, new))
        return Violations(
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.cost for part in parts]),
            np.unique(np.concatenate([part.crowded for part in parts])),
        )

    def _batches(self, duals: Duals, old_used: Bools, new_used: Bools) -> Iterator[tuple[Indices, Indices]]:
        """The suspects, many at a time; all suspects of one old particle come together."""
        batch: list[tuple[Indices, Indices]] = []
        size = 0
        for suspects in self._suspects(duals, old_used, new_used):
            batch.extend(suspects)
            size += sum(old.size for old, _ in suspects)
            if size > BATCH_PAIRS:
                yield _joined(batch)
                batch, size = [], 0
        if batch:
            yield _joined(batch)

    def _suspects(
        self, duals: Duals, old_used: Bools, new_used: Bools
    ) -> Iterator[list[tuple[Indices, Indices]]]:
        """Pairs of used particles that are violated, or nearly, cell by cell of the old ones."""
        lifted = _lift(self._left, self._right, duals, self._points.scale)
        plain = _lift(self._left, self._right, Duals(0 * duals.old, 0 * duals.new), 1.0)
        reach = self._new_cells.highest(np.where(new_used, lifted.new_reach_ang, -np.inf))
        for cell in np.flatnonzero(self._old_cells.highest(old_used.astype(np.float64))):
            old = self._old_cells.members(int(cell))
            old = old[old_used[old]]
            new = self._near(int(cell), lifted.old_reach_ang[old].max() + reach, lifted.margin)
            new = new[new_used[new]]
            yield [
                self._suspects_of_block(lifted, plain, old, new[start : start + BLOCK_COLUMNS])
                for start in range(0, new.size, BLOCK_COLUMNS)
            ]

    def _near(self, cell: int, reach_ang: Floats, margin: float) -> Indices:
        """New particles in cells that a pair with this old cell could be violated in."""
        cells = self._new_cells
        gap = cells.squared_gap(self._old_cells.low_ang[cell], self._old_cells.high_ang[cell])
        is_open = gap <= np.minimum(np.square(np.maximum(reach_ang, 0.0)), self._points.gate_ang**2) + margin
        return cells.members_of(is_open)

    def _suspects_of_block(
        self, lifted: _Lifted, plain: _Lifted, old: Indices, new: Indices
    ) -> tuple[Indices, Indices]:
        near = lifted.old[old] @ lifted.new[new].T < lifted.margin
        if np.isfinite(self._points.gate_ang):
            near &= plain.old[old] @ plain.new[new].T < self._points.gate_ang**2 + lifted.margin
        row, col = np.divmod(np.flatnonzero(near), new.size)
        return old[row], new[col]


def _joined(batch: list[tuple[Indices, Indices]]) -> tuple[Indices, Indices]:
    return np.concatenate([old for old, _ in batch]), np.concatenate([new for _, new in batch])


@dataclass(frozen=True, slots=True)
class _Lifted:
    """Two sets of vectors whose products are |x - y|^2 - (s + t)^2, with the duals s and t in Å."""

    old: Floats
    """(N, 6)."""
    new: Floats
    """(M, 6)."""
    old_reach_ang: Floats
    new_reach_ang: Floats
    margin: float
    """Å^2, above the rounding of a product."""


def _lift(left_ang: Floats, right_ang: Floats, duals: Duals, scale: float) -> _Lifted:
    balance = (duals.old.mean() - duals.new.mean()) / 2
    old_reach, new_reach = (duals.old - balance) / scale, (duals.new + balance) / scale
    old, new = np.ones((len(left_ang), 6)), np.ones((len(right_ang), 6))
    old[:, :3], old[:, 3] = -2 * left_ang, -2 * old_reach
    old[:, 4] = np.square(left_ang).sum(axis=1) - np.square(old_reach)
    new[:, :3], new[:, 3] = right_ang, new_reach
    new[:, 5] = np.square(right_ang).sum(axis=1) - np.square(new_reach)
    spread = max(float(np.abs(part).max()) for part in (left_ang, right_ang, old_reach, new_reach))
    return _Lifted(old, new, old_reach, new_reach, 1e-11 * spread**2)


def _worst(points: Points, duals: Duals, old: Indices, new: Indices) -> Violations:
    """The most violated pairs of each old particle."""
    allowed = duals.old[old] + duals.new[new]
    positive = allowed > 0
    old, new, allowed = old[positive], new[positive], allowed[positive]
    cost = points.cost(old, new)
    violated = (cost < allowed) & (cost <= points.gate_cost)
    old, new, cost, allowed = old[violated], new[violated], cost[violated], allowed[violated]
    order = np.lexsort((cost - allowed, old))
    old, new, cost = old[order], new[order], cost[order]
    rank = np.arange(old.size) - np.searchsorted(old, old)
    kept = rank < PAIRS_PER_OLD
    return Violations(old[kept] * len(points.new_ang) + new[kept], cost[kept], np.unique(old[~kept]))
