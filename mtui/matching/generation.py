"""Exact assignment of one tilt series on few pairs at a time (column generation).

The assignment is solved on a sparse graph of likely pairs; its dual variables then say which absent pairs
could improve it. Those are added until no pair of the whole set is violated: by linear-programming
duality the result is then optimal among all pairings (Ahuja, Magnanti and Orlin, Network Flows, 1993, ch.
12 and 17).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.matching.assignment import Matching, Start, solve_perfect_matching
from mtui.matching.pricing import PairSearch
from mtui.matching.problem import Duals, Problem, duals_of, graph_of, pairs_of

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EDGES_PER_PARTICLE = 64
"""More pairs than this are thinned out between two rounds."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Optimal pairs with the dual variables that prove it."""

    old: Indices
    """Old particle of each pair, ascending."""
    new: Indices
    """New particle of each pair."""
    duals: Duals


def solve_by_generation(
    problem: Problem, search: PairSearch, keys: Indices, start: Start | None = None
) -> Solution:
    """The best pairing of all; ``keys`` (``old * n_new + new``, ascending) must allow some pairing."""
    cost = problem.points.cost(*np.divmod(keys, problem.n_new))
    limit = EDGES_PER_PARTICLE * (problem.n_old + problem.n_new)
    checked: Duals | None = None
    crowded = np.empty(0, np.int64)
    while True:
        matching = solve_perfect_matching(graph_of(problem, keys, cost), start)
        duals = duals_of(problem, matching)
        found = search.find(duals, *_grown(duals, checked, crowded))
        if not found.keys.size:
            return Solution(*pairs_of(problem, matching), duals)
        if keys.size > limit:
            keys, cost = _thinned(problem, keys, cost, duals, limit // 2)
            limit *= 2  # so that dropping and adding pairs comes to an end
        keys, cost = _merged(keys, cost, found.keys, found.cost)
        checked, crowded = duals, found.crowded
        start = _next_start(problem, matching, duals)


def _next_start(problem: Problem, matching: Matching, duals: Duals) -> Start:
    """Where the next round begins.

    The two halves of a doubled graph can drift apart from round to round, until their duals are too large to
    be exact. So each begins with the average of both, rounded to whole numbers in opposite directions: that
    keeps every pair allowed and tight pairs tight.
    """
    if not problem.is_doubled:
        return Start(matching.col_dual, matching.col_of_row)
    return Start(np.concatenate([np.floor(duals.new), np.ceil(duals.old)]), matching.col_of_row)


def _grown(
    duals: Duals, checked: Duals | None, crowded: Indices
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Particles whose pairs must be looked at: their duals grew, or they had too many violated pairs."""
    if checked is None:
        return np.ones(duals.old.size, np.bool_), np.zeros(duals.new.size, np.bool_)
    old = duals.old > checked.old
    old[crowded] = True
    return old, duals.new > checked.new


def _merged(keys: Indices, cost: Floats, new_keys: Indices, new_cost: Floats) -> tuple[Indices, Floats]:
    order = np.argsort(new_keys)
    places = np.searchsorted(keys, new_keys[order])
    return np.insert(keys, places, new_keys[order]), np.insert(cost, places, new_cost[order])


def _thinned(
    problem: Problem, keys: Indices, cost: Floats, duals: Duals, count: int
) -> tuple[Indices, Floats]:
    """Drop the pairs furthest from being useful; those of the present solution have no slack and stay."""
    old, new = np.divmod(keys, problem.n_new)
    slack = cost - duals.old[old] - duals.new[new]
    keep = slack <= np.partition(slack, count)[count]
    return keys[keep], cost[keep]
