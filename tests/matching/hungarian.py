"""M's assignment algorithm in float32, as described for its particle-sets dialog: an oracle for small sets.

The distances are padded with zeros to a square. Row minima, then column minima are subtracted; a greedy pass
takes the first free zero of each row; then each unmatched row in turn is augmented along the column of least
slack, the lowest one of equals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Indices = NDArray[np.int64]


def pair_as_m(old_ang: NDArray[np.float64], new_ang: NDArray[np.float64]) -> tuple[Indices, Indices]:
    """Old and new indices of the pairs, by old index."""
    difference = old_ang.astype(np.float32)[:, None] - new_ang.astype(np.float32)[None]
    distance = np.sqrt(np.square(difference).sum(axis=2, dtype=np.float32)).astype(np.float32)
    size = max(distance.shape)
    cost = np.zeros((size, size), np.float32)
    cost[: distance.shape[0], : distance.shape[1]] = distance
    col_of_row = _Solver(cost).solve()[: distance.shape[0]]
    old = np.flatnonzero(col_of_row < distance.shape[1])
    return old, col_of_row[old]


class _Solver:
    """One run on a square matrix."""

    def __init__(self, cost: Floats32) -> None:
        cost = cost - cost.min(axis=1, keepdims=True)
        self.cost = cost - cost.min(axis=0, keepdims=True)
        self.row_label = np.zeros(len(cost), np.float32)
        self.col_label = np.zeros(len(cost), np.float32)
        self.col_of_row = np.full(len(cost), -1)
        self.row_of_col = np.full(len(cost), -1)

    def solve(self) -> Indices:
        """The column of each row."""
        for row in range(len(self.cost)):
            free_zeros = np.flatnonzero((self.cost[row] == 0) & (self.row_of_col < 0))
            if free_zeros.size:
                self._match(row, int(free_zeros[0]))
        while (free_rows := np.flatnonzero(self.col_of_row < 0)).size:
            self._augment(int(free_rows[0]))
        return self.col_of_row

    def _match(self, row: int, col: int) -> None:
        self.col_of_row[row], self.row_of_col[col] = col, row

    def _slack(self, row: int) -> Floats32:
        slack: Floats32 = self.cost[row] - self.row_label[row] - self.col_label
        return slack

    def _augment(self, first_row: int) -> None:
        """Match one more row."""
        size = len(self.cost)
        row_seen, col_parent = np.zeros(size, np.bool_), np.full(size, -1)
        row_seen[first_row] = True
        slack, slack_row = self._slack(first_row), np.full(size, first_row)
        while True:
            col = int(np.argmin(np.where(col_parent < 0, slack, np.float32(np.inf))))
            least = slack[col]
            if least > 0:
                self.row_label[row_seen] += least
                self.col_label[col_parent >= 0] -= least
                slack[col_parent < 0] -= least
            col_parent[col] = slack_row[col]
            row = int(self.row_of_col[col])
            if row < 0:
                self._flip(col, col_parent)
                return
            row_seen[row] = True
            other = self._slack(row)
            is_less = (other < slack) & (col_parent < 0)
            slack[is_less], slack_row[is_less] = other[is_less], row

    def _flip(self, col: int, col_parent: Indices) -> None:
        while col >= 0:
            row = int(col_parent[col])
            before = int(self.col_of_row[row])
            self._match(row, col)
            col = before
