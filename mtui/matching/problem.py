"""One tilt series' assignment: its costs, its graph, and dual variables of its particles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.matching.assignment import FREE, Graph, Matching, Start

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Points:
    """Positions of two sets and the whole-number costs of their pairs."""

    old_ang: Floats
    """(N, 3), Å."""
    new_ang: Floats
    """(M, 3), Å."""
    scale: float
    """Whole numbers per Å, a power of two."""
    gate_ang: float = np.inf
    """Pairs further apart than this do not exist."""

    @property
    def gate_cost(self) -> float:
        """The gate in whole numbers: rounding does not change which pairs are within it."""
        return float(np.rint(self.gate_ang * self.scale))

    def cost(self, old: Indices, new: Indices) -> Floats:
        """Distances of pairs in whole numbers, at most half a unit from the true ones."""
        difference = np.take(self.old_ang, old, axis=0) - np.take(self.new_ang, new, axis=0)
        distance: Floats = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        return np.rint(distance * self.scale)


@dataclass(frozen=True, slots=True)
class Problem:
    """One set of positions against another, and what it costs to leave a particle alone."""

    points: Points
    leave_old: float
    """Price of an old particle without partner; infinite where all must have one."""
    leave_new: float
    """Price of a new particle without partner; infinite where all must have one."""

    @property
    def n_old(self) -> int:
        return len(self.points.old_ang)

    @property
    def n_new(self) -> int:
        return len(self.points.new_ang)

    @property
    def is_doubled(self) -> bool:
        """Whether particles may stay alone: then the graph is joined to its mirror image."""
        return math.isfinite(self.leave_new)


@dataclass(frozen=True, slots=True)
class Duals:
    """What each particle adds to the total cost; no pair is cheaper than the sum of its two duals."""

    old: Floats
    new: Floats


def graph_of(problem: Problem, keys: Indices, cost: Floats) -> Graph:
    """The square graph of the pairs ``old * n_new + new``.

    Where particles may stay alone, the mirror image of the pairs is joined to it: each particle faces its own
    image at twice the price of staying alone. The best perfect matching of this doubled graph pairs both
    halves optimally, and no side needs as many particles as the other.
    """
    old, new = np.divmod(keys, problem.n_new)
    if not problem.is_doubled:
        return Graph(problem.n_old, old, new, cost)
    row = [old, problem.n_old + new, problem.n_old + np.arange(problem.n_new)]
    col = [new, problem.n_new + old, np.arange(problem.n_new)]
    costs = [cost, cost, np.full(problem.n_new, 2 * problem.leave_new)]
    if math.isfinite(problem.leave_old):
        row.append(np.arange(problem.n_old))
        col.append(problem.n_new + np.arange(problem.n_old))
        costs.append(np.full(problem.n_old, 2 * problem.leave_old))
    order = np.argsort(np.concatenate(row), kind="stable")
    rows, cols, all_costs = (np.concatenate(parts)[order] for parts in (row, col, costs))
    return Graph(problem.n_old + problem.n_new, rows, cols, all_costs)


def start_of(problem: Problem, duals: Duals, pairs: tuple[Indices, Indices]) -> Start:
    """Duals and probable pairs of the particles as a start for the graph, its mirror image included."""
    new_of_old, old_of_new = np.full(problem.n_old, FREE), np.full(problem.n_new, FREE)
    new_of_old[pairs[0]], old_of_new[pairs[1]] = pairs[1], pairs[0]
    if not problem.is_doubled:
        return Start(duals.new, new_of_old)
    image_of_old = np.where(new_of_old == FREE, problem.n_new + np.arange(problem.n_old), new_of_old)
    image_of_new = np.where(old_of_new == FREE, np.arange(problem.n_new), problem.n_new + old_of_new)
    return Start(np.concatenate([duals.new, duals.old]), np.concatenate([image_of_old, image_of_new]))


def duals_of(problem: Problem, matching: Matching) -> Duals:
    """Dual variables of the particles; those of the two halves of a doubled graph are averaged."""
    if not problem.is_doubled:
        return Duals(matching.row_dual, matching.col_dual)
    old = (matching.row_dual[: problem.n_old] + matching.col_dual[problem.n_new :]) / 2
    new = (matching.col_dual[: problem.n_new] + matching.row_dual[problem.n_old :]) / 2
    return Duals(old, new)


def pairs_of(problem: Problem, matching: Matching) -> tuple[Indices, Indices]:
    """Old and new indices of the pairs, by old index."""
    new = matching.col_of_row[: problem.n_old]
    old = np.flatnonzero(new < problem.n_new)
    return old, new[old]
