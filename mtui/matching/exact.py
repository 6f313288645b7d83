"""Exact one-to-one pairs of two sets of positions without the matrix of all distances.

Distances are rounded to whole multiples of about extent / 2**42 (2e-9 Å in a tomogram of 1 µm), so that
everything after that is exact arithmetic and equal distances stay equal.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mtui.matching.assignment import solve_perfect_matching
from mtui.matching.candidates import find_neighbours, pairs_within
from mtui.matching.dense import pair_dense
from mtui.matching.generation import solve_by_generation
from mtui.matching.pricing import PairSearch
from mtui.matching.problem import Points, Problem, graph_of, pairs_of
from mtui.matching.warm import pair_with_matrix, solve_all

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

PLAIN_PAIRS = 400**2
"""Up to so many pairs SciPy's dense solver is the fastest."""
MATRIX_PAIRS = 1500**2
"""Up to so many pairs it still is, once the distances are reduced by good dual variables (36 MB)."""
LOPSIDED = 0.97
"""With fewer old particles per new one the plain solver is faster than the prepared one."""
COST_BITS = 42
"""Bits of the largest distance; the rest of the 53 of a float64 is headroom for sums."""
PRICE_BITS = 46
"""Bits of the price of leaving a particle alone in :func:`pair_most`: as many gates as there are pairs."""
FEW_PAIRS = 3_000_000
"""Up to so many pairs within the gate, all of them are used at once."""


def pair_all(old_ang: Floats, new_ang: Floats) -> tuple[Indices, Indices]:
    """Old and new indices of the min(N, M) pairs with the least total distance, by old index.

    ``old_ang`` (N, 3), ``new_ang`` (M, 3): positions in Å, finite, neither empty.
    """
    if len(old_ang) > len(new_ang):
        new, old = pair_all(new_ang, old_ang)
        order = np.argsort(old)
        return old[order], new[order]
    pairs = len(old_ang) * len(new_ang)
    is_lopsided = len(old_ang) < LOPSIDED * len(new_ang)
    if pairs <= PLAIN_PAIRS or (pairs <= MATRIX_PAIRS and is_lopsided):
        return pair_dense(old_ang, new_ang)
    points = Points(old_ang, new_ang, _scale_of(old_ang, new_ang))
    alone = 0.0 if len(old_ang) < len(new_ang) else math.inf
    problem = Problem(points, leave_old=math.inf, leave_new=alone)
    if pairs <= MATRIX_PAIRS:
        return pair_with_matrix(problem)
    return pair_by_duality(problem)


def pair_by_duality(problem: Problem) -> tuple[Indices, Indices]:
    """The same without any matrix of all distances, at any size."""
    solution = solve_all(problem)
    return solution.old, solution.new


def pair_most(old_ang: Floats, new_ang: Floats, gate_ang: float) -> tuple[Indices, Indices]:
    """Old and new indices of as many pairs as possible within the gate, at least total distance.

    They come by old index. ``old_ang`` (N, 3), ``new_ang`` (M, 3): positions in Å, finite, neither empty.
    """
    most = min(len(old_ang), len(new_ang))
    scale = 2.0 ** (PRICE_BITS - math.ceil(math.log2(max(gate_ang, 1e-6) * most)))
    points = Points(old_ang, new_ang, scale, gate_ang)
    price = float(math.ceil(gate_ang * scale) * most)
    problem = Problem(points, leave_old=price, leave_new=price)
    keys = pairs_within(old_ang, new_ang, gate_ang, FEW_PAIRS)
    if keys is not None:
        graph = graph_of(problem, keys, points.cost(*np.divmod(keys, problem.n_new)))
        return pairs_of(problem, solve_perfect_matching(graph))
    keys = np.unique(find_neighbours(old_ang, new_ang).keys)
    keys = keys[points.cost(*np.divmod(keys, problem.n_new)) <= points.gate_cost]
    solution = solve_by_generation(problem, PairSearch(points), keys)
    return solution.old, solution.new


def _scale_of(old_ang: Floats, new_ang: Floats) -> float:
    extent = float(np.ptp(np.concatenate([old_ang, new_ang]), axis=0).max()) * 2
    return 2.0 ** (COST_BITS - math.ceil(math.log2(max(extent, 1e-3))))
