"""Assignment with the whole matrix of distances, for small groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.matching.generation import Solution
from mtui.matching.problem import Duals, Points

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def pair_dense(old_ang: Floats, new_ang: Floats) -> tuple[Indices, Indices]:
    """Old and new indices of the min(N, M) pairs with the least total distance, by old index."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    old, new = linear_sum_assignment(cdist(old_ang, new_ang))
    return old.astype(np.int64), new.astype(np.int64)


def solve_dense(points: Points) -> Solution:
    """The same with dual variables, for no more old particles than new ones; all old ones get a partner.

    Raising no row's dual above what its matched pair allows, the columns' duals are the shortest path
    lengths of the residual graph (Bellman 1958); a new particle without partner has the dual 0.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    cost = np.rint(cdist(points.old_ang, points.new_ang) * points.scale)
    old, new = linear_sum_assignment(cost)
    matched = cost[old, new]
    extra = cost - matched[:, None]
    new_dual = np.zeros(cost.shape[1])
    changed = old
    while changed.size:
        lower = np.minimum(new_dual, (extra[changed] + new_dual[new[changed], None]).min(axis=0))
        is_lower = lower < new_dual
        new_dual = lower
        changed = np.flatnonzero(is_lower[new])
    duals = Duals(matched - new_dual[new], new_dual)
    return Solution(old.astype(np.int64), new.astype(np.int64), duals)
