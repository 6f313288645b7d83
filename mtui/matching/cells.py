"""Positions gathered in small boxes, so that whole boxes of pairs can be ruled out at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

CELL_SIZE = 32
"""Particles per cell."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Runs of neighbouring positions with the boxes around them."""

    order: Indices
    """Indices of the positions, cell after cell."""
    start: Indices
    """(C,) where each cell starts in ``order``."""
    low_ang: Floats
    """(C, 3) smallest coordinates of each cell, Å."""
    high_ang: Floats
    """(C, 3) largest coordinates of each cell, Å."""

    def members(self, cell: int) -> Indices:
        """Indices of the positions in one cell."""
        return self.order[self.start[cell] : self.start[cell] + CELL_SIZE]

    def members_of(self, cells: NDArray[np.bool_]) -> Indices:
        """Indices of the positions in all chosen cells."""
        return self.order[np.repeat(cells, CELL_SIZE)[: self.order.size]]

    def highest(self, values: Floats) -> Floats:
        """(C,) largest of one value per position, in each cell."""
        return np.asarray(np.maximum.reduceat(values[self.order], self.start))

    def squared_gap(self, low_ang: Floats, high_ang: Floats) -> Floats:
        """(C,) squared distance of each cell's box from another box, Å^2; 0 where they overlap."""
        gap = np.maximum(self.low_ang - high_ang, low_ang - self.high_ang)
        return np.asarray(np.square(np.maximum(gap, 0.0)).sum(axis=1))


def compute_cells(positions_ang: Floats) -> Cells:
    """Cells of positions (N, 3), Å, in the order of a k-d tree's leaves."""
    from scipy.spatial import KDTree

    order = np.asarray(KDTree(positions_ang, leafsize=CELL_SIZE).indices, dtype=np.int64)
    start = np.arange(0, len(order), CELL_SIZE)
    low = np.minimum.reduceat(positions_ang[order], start, axis=0)
    high = np.maximum.reduceat(positions_ang[order], start, axis=0)
    return Cells(order, start, low, high)
