"""Distances of pairs, and how many particles a tolerance finds in both sets, counted at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLACK_ANG = 1e-6
"""M counts a pair whose distance equals the tolerance: distance <= tolerance + 1e-6."""
BINS = 100
ZOOM = 5
"""How many tolerances the axis of a histogram spans when it is zoomed."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many particles are only old, in both sets, and only new, at a tolerance."""

    old: int
    both: int
    new: int

    def kept(self, keep: Collection[str]) -> int:
        """Size of the result when the sets named ``old``, ``both``, ``new`` are kept."""
        return sum(getattr(self, name) for name in ("old", "both", "new") if name in keep)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Distances of pairs in M's bins."""

    counts: NDArray[np.int64]
    """``(100,)`` pairs per bin; bin i is centred at i / 99 of the end."""
    end_ang: float
    """Where the axis ends: the largest distance, at least 1 Å, unless it is zoomed."""

    @property
    def centres_ang(self) -> NDArray[np.float64]:
        """``(100,)`` middle of each bin."""
        return np.linspace(0.0, self.end_ang, BINS)


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Distances of all pairs, sorted once, so that any tolerance is counted at once."""

    sorted_ang: NDArray[np.float64]
    """``(P,)`` Å, ascending."""
    n_old: int
    n_new: int

    @property
    def largest_ang(self) -> float:
        """The largest distance, at least 1 Å (M's `MaxDistance`)."""
        return max(1.0, float(self.sorted_ang[-1])) if len(self.sorted_ang) else 1.0

    def counts(self, tolerance_ang: float) -> Counts:
        """The three sets at a tolerance."""
        both = int(np.searchsorted(self.sorted_ang, tolerance_ang + SLACK_ANG, side="right"))
        return Counts(self.n_old - both, both, self.n_new - both)

    def zoomed_end_ang(self, tolerance_ang: float) -> float:
        """Where the axis ends when only the distances around a tolerance are looked at."""
        return min(self.largest_ang, ZOOM * tolerance_ang) or self.largest_ang

    def histogram(self, end_ang: float | None = None) -> Histogram:
        """M's histogram: bin = distance / end * 99, halves to the even bin.

        ``end_ang`` is the largest distance unless given; pairs beyond it are left out.
        """
        end_ang = end_ang or self.largest_ang
        shown = self.sorted_ang[: np.searchsorted(self.sorted_ang, end_ang, side="right")]
        bins = np.rint(shown / end_ang * (BINS - 1)).astype(np.intp)
        return Histogram(np.bincount(bins, minlength=BINS).astype(np.int64), end_ang)
