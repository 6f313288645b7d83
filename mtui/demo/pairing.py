"""Pairs of particles under M's rule, as the truth that an intersection must find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]

TOLERANCES_ANG = (5.0, 10.0, 20.0, 30.0)


def pair_distances(
    old_ang: Floats, old_series: Sequence[str], new_ang: Floats, new_series: Sequence[str]
) -> Floats:
    """Distances in Å of all pairs that M forms between positions (N, 3) and (M, 3).

    Series by series, as many pairs as the smaller set allows, with the least total distance.
    """
    old_names, new_names = np.array(old_series), np.array(new_series)
    distances: list[Floats] = []
    for name in sorted(set(old_series) & set(new_series)):
        costs = cdist(old_ang[old_names == name], new_ang[new_names == name])
        distances.append(costs[linear_sum_assignment(costs)])
    return np.concatenate(distances) if distances else np.zeros(0)


def counts_by_tolerance(distances: Floats, old_count: int, new_count: int) -> dict[str, dict[str, int]]:
    """How many particles are only old, common and only new at each tolerance."""
    counts: dict[str, dict[str, int]] = {}
    for tolerance in TOLERANCES_ANG:
        both = int((distances <= tolerance).sum())
        counts[f"{tolerance:g}"] = {"old": old_count - both, "both": both, "new": new_count - both}
    return counts
