"""Pairs within one tilt series, under either rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.matching.exact import pair_all, pair_most

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def pair_series(old_ang: Floats, new_ang: Floats, gate_ang: float | None) -> tuple[Indices, Indices]:
    """Old and new indices of the pairs of one tilt series, by old index.

    ``old_ang`` (N, 3) and ``new_ang`` (M, 3) are in Å, finite, and neither is empty. Without a gate all
    min(N, M) pairs of least total distance; with one, as many pairs as possible that are no further
    apart.
    """
    if gate_ang is None:
        return pair_all(old_ang, new_ang)
    return pair_most(old_ang, new_ang, gate_ang)
