"""Two particle sets as the app shows them: distances of their pairs, sizes, what was understood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.matching.distances import SLACK_ANG, Counts, Distances


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

    other_both: int = 0
    """Particles in both sets under the rule that was not chosen, at the tolerance of ``counted_at_ang``."""
    counted_at_ang: float = 0.0

    @property
    def largest_ang(self) -> float:
        """The largest distance, at least 1 Å, as in M."""
        return self._distances.largest_ang

    def counts(self, tolerance_ang: float) -> Counts:
        """The three sets at a tolerance."""
        return self._distances.counts(tolerance_ang)

    def zoomed_end_ang(self, tolerance_ang: float) -> float:
        """Where the axis ends when only the distances around a tolerance are looked at."""
        return self._distances.zoomed_end_ang(tolerance_ang)

    @property
    def _distances(self) -> Distances:
        return Distances(self.distances_ang, self.n_old, self.n_new)

    def histogram(self, bins: int, up_to_ang: float) -> NDArray[np.int64]:
        """``(bins,)`` pairs by distance in equal bins from 0 to ``up_to_ang``, which belongs to the last."""
        edges = np.linspace(0, up_to_ang, bins + 1)
        edges[-1] += SLACK_ANG
        return np.diff(np.searchsorted(self.distances_ang, edges, side="left"))
