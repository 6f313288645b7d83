"""What a tolerance makes of two paired sets: counts, histogram, which particles are kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.matching.pairs import Pairs
from mtui.model.particles import group_codes

SLACK_ANG = 1e-6
"""M counts a pair whose distance equals the tolerance: distance <= tolerance + 1e-6."""
BINS = 100
OLD, NEW = 0, 1


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
    """``(100,)`` pairs per bin; bin i is centred at i / 99 of the largest distance."""
    largest_ang: float
    """Where the axis ends: the largest distance, at least 1 Å."""

    @property
    def centres_ang(self) -> NDArray[np.float64]:
        """``(100,)`` middle of each bin."""
        return np.linspace(0.0, self.largest_ang, BINS)


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

    def histogram(self) -> Histogram:
        """M's histogram: bin = distance / largest * 99, halves to the even bin."""
        bins = np.rint(self.sorted_ang / self.largest_ang * (BINS - 1)).astype(np.intp)
        return Histogram(np.bincount(bins, minlength=BINS).astype(np.int64), self.largest_ang)


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Which particles make up a result, in its order."""

    side: NDArray[np.int8]
    """``(K,)`` 0 for an old particle, 1 for a new one."""
    index: NDArray[np.intp]
    """``(K,)`` row in that set."""


def sort_distances(pairs: Pairs, n_old: int, n_new: int) -> Distances:
    """The pairs' distances in order, rounded to float32, which is what M compares with the tolerance."""
    rounded = pairs.distance_ang.astype(np.float32).astype(np.float64)
    return Distances(np.sort(rounded), n_old, n_new)


def within(pairs: Pairs, tolerance_ang: float) -> NDArray[np.bool_]:
    """``(P,)`` whether each pair counts as one particle."""
    rounded = pairs.distance_ang.astype(np.float32).astype(np.float64)
    return np.asarray(rounded <= tolerance_ang + SLACK_ANG)


def compose(
    pairs: Pairs,
    old_hash: NDArray[np.str_],
    new_hash: NDArray[np.str_],
    tolerance_ang: float,
    keep: Collection[str],
) -> Composition:
    """The particles to keep: old ones, then new ones, then sorted by source hash (ordinal).

    A pair within the tolerance is represented by its old particle. The sort is stable; M's is not, so there
    only the grouping by hash is defined.
    """
    near = within(pairs, tolerance_ang)
    old_matched = np.zeros(len(old_hash), np.bool_)
    old_matched[pairs.old_index[near]] = True
    new_matched = np.zeros(len(new_hash), np.bool_)
    new_matched[pairs.new_index[near]] = True
    old = np.flatnonzero(np.where(old_matched, "both" in keep, "old" in keep))
    new = np.flatnonzero(~new_matched & ("new" in keep))
    _, codes = group_codes(np.concatenate((old_hash[old], new_hash[new])))
    order = np.argsort(codes, kind="stable")
    side = np.repeat(np.array([OLD, NEW], np.int8), [len(old), len(new)])
    return Composition(side[order], np.concatenate((old, new))[order])
