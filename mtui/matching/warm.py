"""A good first solution of one tilt series, from the pairs that are plain and the few particles that are not.

Most particles of two versions of a set are each other's nearest. The others are paired among themselves
first. Distances obey the triangle inequality, so the dual variables of that small problem extend to all
particles as a function of place that changes by no more than 1 Å per Å (Kantorovich and Rubinstein 1958),
and no pair of the whole set violates them: what is left to do is local.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mtui.matching.assignment import Start
from mtui.matching.candidates import Neighbours, candidate_pairs, find_neighbours, sorted_unique
from mtui.matching.dense import solve_dense
from mtui.matching.generation import Solution, solve_by_generation
from mtui.matching.pricing import PairSearch
from mtui.matching.problem import Duals, Points, Problem, start_of

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_LEFT = 0.5
"""With more particles left over than this fraction, the small problem is not small."""
DENSE_PAIRS = 250_000
"""Up to so many pairs of left-over particles, all their distances are computed."""
BLOCK_PAIRS = 100_000
"""Distances computed together while they are in the cache."""
REDUCED_ROWS = 64
NEAREST_LEFT = 32
"""Left-over particles that the function of place is computed from, where there are many."""


def solve_all(problem: Problem) -> Solution:
    """The best pairing of a problem in which every old particle must have a partner."""
    points = problem.points
    near = find_neighbours(points.old_ang, points.new_ang)
    search = PairSearch(points)
    if near.left_old.size > MOST_LEFT * problem.n_old or not near.left_old.size:
        return solve_by_generation(problem, search, candidate_pairs(points.old_ang, points.new_ang, near))
    keys, start = _warm_start(problem, search, near)
    return solve_by_generation(problem, search, keys, start)


def pair_with_matrix(problem: Problem) -> tuple[Indices, Indices]:
    """The best pairs by the dense solver, with distances that are first reduced by good dual variables.

    Every old particle must have a partner. New particles without one are given dummy partners at no distance.
    """
    from scipy.optimize import linear_sum_assignment

    points = problem.points
    near = find_neighbours(points.old_ang, points.new_ang, 1)
    new_value_ang = np.zeros(problem.n_new)
    if near.left_old.size:
        new_value_ang = -_place_function(points, near, _solve_left(problem, near))(points.new_ang)
    old, new = linear_sum_assignment(_reduced_distances(points, new_value_ang))
    return old[: problem.n_old].astype(np.int64), new[: problem.n_old].astype(np.int64)


def _reduced_distances(points: Points, new_value_ang: Floats) -> Floats:
    """(M, M) distances less a value of each new particle, then less the least of each row and column.

    Rows beyond the old particles are dummies at no distance. Blocks of rows are done while they are cached.
    """
    from scipy.spatial.distance import cdist

    size = len(points.new_ang)
    reduced = np.zeros((size, size))
    least = np.full(size, np.inf)
    for start in range(0, size, REDUCED_ROWS):
        block = reduced[start : start + REDUCED_ROWS]
        old = points.old_ang[start : start + REDUCED_ROWS]
        if len(old):
            cdist(old, points.new_ang, out=block[: len(old)])
        block -= new_value_ang
        block -= block.min(axis=1)[:, None]
        np.minimum(least, block.min(axis=0), out=least)
    reduced -= least
    return reduced


def _warm_start(problem: Problem, search: PairSearch, near: Neighbours) -> tuple[Indices, Start]:
    """Likely pairs of the whole problem, and where to begin."""
    points = problem.points
    left = _solve_left(problem, near)
    place = _place_function(points, near, left)
    duals = Duals(
        np.floor(place(points.old_ang) * points.scale), np.floor(-place(points.new_ang) * points.scale)
    )
    pairs = (
        np.concatenate([near.mutual_old, near.left_old[left.old]]),
        np.concatenate([near.mutual_new, near.left_new[left.new]]),
    )
    distance = points.cost(near.mutual_old, near.mutual_new) / points.scale
    everyone = np.ones(problem.n_old, np.bool_)
    tight = search.find(
        duals, everyone, np.zeros(problem.n_new, np.bool_), slack_ang=2 * float(distance.mean())
    )
    keys = sorted_unique(np.concatenate([near.keys, pairs[0] * problem.n_new + pairs[1], tight.keys]))
    return keys, start_of(problem, duals, pairs)


def _solve_left(problem: Problem, near: Neighbours) -> Solution:
    """The best pairs of the left-over particles among themselves."""
    points = problem.points
    part = Points(points.old_ang[near.left_old], points.new_ang[near.left_new], points.scale)
    if near.left_old.size * near.left_new.size <= DENSE_PAIRS:
        return solve_dense(part)
    left = Problem(part, problem.leave_old, problem.leave_new)
    keys = candidate_pairs(part.old_ang, part.new_ang, find_neighbours(part.old_ang, part.new_ang))
    return solve_by_generation(left, PairSearch(part), keys)


def _place_function(points: Points, near: Neighbours, left: Solution) -> Callable[[Floats], Floats]:
    """f of positions (N, 3), Å, such that the duals f(old) and -f(new) allow every pair, up to rounding.

    It is the mean of the largest such function, the least |x - w| - v of all left-over new particles w, and
    of the smallest one, the largest u - |x - a| of the old ones a.
    """
    old_anchors, new_anchors = points.old_ang[near.left_old], points.new_ang[near.left_new]
    old_values, new_values = left.duals.old / points.scale, left.duals.new / points.scale

    def place(positions_ang: Floats) -> Floats:
        largest = _least(positions_ang, new_anchors, new_values)
        return np.asarray((largest - _least(positions_ang, old_anchors, old_values)) / 2)

    return place


def _least(positions_ang: Floats, anchors_ang: Floats, values_ang: Floats) -> Floats:
    """(N,) least distance minus value over the anchors, or over the nearest where there are many."""
    from scipy.spatial import KDTree
    from scipy.spatial.distance import cdist

    if len(anchors_ang) <= math.isqrt(DENSE_PAIRS):
        step = max(1, BLOCK_PAIRS // len(anchors_ang))
        blocks = [positions_ang[start : start + step] for start in range(0, len(positions_ang), step)]
        return np.concatenate([(cdist(block, anchors_ang) - values_ang).min(axis=1) for block in blocks])
    count = np.arange(1, min(NEAREST_LEFT, len(anchors_ang)) + 1)
    distance, anchor = KDTree(anchors_ang).query(positions_ang, count)
    return np.asarray((distance - values_ang[anchor]).min(axis=1))
