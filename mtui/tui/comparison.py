"""Distances between paired particles, and what a tolerance makes of them; recounted at once, however many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLACK_ANG = 1e-6
"""M counts a pair whose distance equals the tolerance (`d <= tolerance + 1e-6`)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many particles are only old, in both sets, and only new, at a tolerance."""

    old: int
    both: int
    new: int

    def kept(self, keep: tuple[str, ...]) -> int:
        """Size of the result."""
        return sum(getattr(self, name) for name in keep)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two particle sets and the distances of their pairs."""

    distances_ang: NDArray[np.float64]
    """``(P,)`` distance of each pair in Å, ascending."""
    n_old: int
    n_new: int
    """Rows of the new table that name a tilt series of the selected sources."""
    n_rows: int
    """All rows of the new table."""
    coords_angpix: str = ""
    """Pixel size that was used for the coordinates; empty where they are in Å."""
    shifts_angpix: str = ""
    unmatched: tuple[str, ...] = ()
    """Examples of what could not be matched, both sides."""
    remarks: tuple[str, ...] = ()
    """What was decided about the table, and what the user should know."""

    @property
    def largest_ang(self) -> float:
        """The largest distance, at least 1 Å, as in M."""
        return max(1.0, float(self.distances_ang[-1])) if len(self.distances_ang) else 1.0

    def within(self, tolerance_ang: float) -> int:
        """Pairs that count as the same particle."""
        return int(np.searchsorted(self.distances_ang, tolerance_ang + SLACK_ANG, side="right"))

    def counts(self, tolerance_ang: float) -> Counts:
        """The three sets at a tolerance."""
        both = self.within(tolerance_ang)
        return Counts(self.n_old - both, both, self.n_new - both)

    def histogram(self, bins: int, up_to_ang: float) -> NDArray[np.int64]:
        """``(bins,)`` pairs by distance in equal bins from 0 to ``up_to_ang``, which belongs to the last."""
        edges = np.linspace(0, up_to_ang, bins + 1)
        edges[-1] += SLACK_ANG
        return np.diff(np.searchsorted(self.distances_ang, edges, side="left"))
