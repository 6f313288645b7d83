"""What a tolerance makes of two paired sets: which particles are kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.matching.distances import SLACK_ANG, Distances
from mtui.matching.pairs import Pairs
from mtui.model.particles import group_codes

OLD, NEW = 0, 1


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
