"""Minimum-cost perfect matching on a sparse square graph, exact, with the dual variables that prove it.

The method is that of successive shortest paths with potentials (Kuhn 1955; Edmonds and Karp 1972). Each
phase runs one Dijkstra search from all free rows at once: its trees do not touch, so one augmenting path
per tree can be flipped in the same phase, and a few tens of phases suffice where one path at a time would
need thousands. Costs are whole numbers held in float64, so sums and comparisons are exact and equal costs
are true ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.errors import MatchingError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

FREE = -1


@dataclass(frozen=True, slots=True)
class Graph:
    """A bipartite graph with as many rows as columns; the edges are sorted by row."""

    size: int
    row: Indices
    """Row of each edge, ascending; every row has at least one edge."""
    col: Indices
    """Column of each edge."""
    cost: Floats
    """Cost of each edge, whole numbers below 2**50."""

    @property
    def row_start(self) -> Indices:
        """Index of the first edge of each row, and the number of edges at the end."""
        return np.searchsorted(self.row, np.arange(self.size + 1))


@dataclass(frozen=True, slots=True)
class Matching:
    """A matching and duals with ``row_dual[i] + col_dual[j] <= cost[i, j]``, equal on matched edges."""

    col_of_row: Indices
    """The column matched to each row."""
    row_dual: Floats
    col_dual: Floats


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: dual variables of the columns, and pairs that are probably right."""

    col_dual: Floats
    col_of_row: Indices
    """The column of each row, or ``FREE``."""


def solve_perfect_matching(graph: Graph, start: Start | None = None) -> Matching:
    """The perfect matching of least total cost.

    ``start`` may be the solution of a similar graph: what is still right of it is kept. It changes the
    time, not the total cost.

    Raises:
        MatchingError: if the graph has no perfect matching.
    """
    if graph.size == 0:
        return Matching(np.empty(0, np.int64), np.empty(0), np.empty(0))
    row_start = graph.row_start
    if start is None:
        start = Start(np.zeros(graph.size), np.full(graph.size, FREE))
    matching = _begin(graph, row_start, start)
    row_of_col = np.full(graph.size, FREE)
    matched = np.flatnonzero(matching.col_of_row != FREE)
    row_of_col[matching.col_of_row[matched]] = matched
    while (free_rows := np.flatnonzero(matching.col_of_row == FREE)).size:
        _run_phase(graph, row_start, matching, row_of_col, free_rows)
    return matching


def _begin(graph: Graph, row_start: Indices, start: Start) -> Matching:
    """Feasible duals from row and column minima, and tight edges that do not meet, the old pairs first."""
    reduced = graph.cost - start.col_dual[graph.col]
    row_dual = np.minimum.reduceat(reduced, row_start[:-1])
    reduced -= row_dual[graph.row]
    rise = np.full(graph.size, np.inf)
    np.minimum.at(rise, graph.col, reduced)
    if np.isinf(rise).any():
        raise _no_perfect_matching()
    tight = np.flatnonzero(reduced == rise[graph.col])
    row, col = graph.row[tight], graph.col[tight]
    is_old = start.col_of_row[row] == col
    col_of_row, col_taken = np.full(graph.size, FREE), np.zeros(graph.size, np.bool_)
    col_of_row[row[is_old]] = col[is_old]
    col_taken[col[is_old]] = True
    is_new = (col_of_row[row] == FREE) & ~col_taken[col]
    row, col = row[is_new], col[is_new]
    first = np.unique(row, return_index=True)[1]
    row, col = row[first], col[first]
    first = np.unique(col, return_index=True)[1]
    col_of_row[row[first]] = col[first]
    return Matching(col_of_row, row_dual, start.col_dual + rise)


def _run_phase(
    graph: Graph, row_start: Indices, matching: Matching, row_of_col: Indices, free_rows: Indices
) -> None:
    """Raise the duals along the shortest paths from all free rows and flip one path of each tree, in place.

    Nodes of the search are the rows, each standing for its matched column as well, then the free columns.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    free_cols = np.flatnonzero(row_of_col == FREE)
    node_of_col = row_of_col.copy()
    node_of_col[free_cols] = graph.size + np.arange(free_cols.size)
    nodes = graph.size + free_cols.size
    reduced = graph.cost - matching.row_dual[graph.row] - matching.col_dual[graph.col]
    start = np.concatenate([row_start, np.full(free_cols.size, row_start[-1])])
    edges = csr_matrix(
        (reduced, node_of_col[graph.col].astype(np.int32), start.astype(np.int32)), shape=(nodes, nodes)
    )
    distance, before, source = dijkstra(edges, indices=free_rows, return_predecessors=True, min_only=True)
    ends = _nearest_end_of_each_tree(distance, source, graph.size)
    if not ends.size:
        raise _no_perfect_matching()
    # No dual moves further than the flipped paths need, so that few pairs have to be checked again.
    rise = np.maximum(distance[ends].max() - distance, 0.0)
    matching.row_dual[:] += rise[: graph.size]
    matching.col_dual[:] -= rise[node_of_col]
    _flip(matching.col_of_row, row_of_col, before, ends, free_cols[ends - graph.size])


def _nearest_end_of_each_tree(distance: Floats, source: NDArray[np.int32], size: int) -> Indices:
    """The nearest free column, as a node, in the tree of each free row that reaches one."""
    ends = size + np.flatnonzero(np.isfinite(distance[size:]))
    ends = ends[np.lexsort((distance[ends], source[ends]))]
    return ends[np.unique(source[ends], return_index=True)[1]]


def _flip(
    col_of_row: Indices, row_of_col: Indices, before: NDArray[np.int32], ends: Indices, cols: Indices
) -> None:
    """Match every row on the paths to the column after it; all paths advance together."""
    node, col = ends, cols
    while node.size:
        row = before[node].astype(np.int64)
        freed = col_of_row[row]
        col_of_row[row] = col
        row_of_col[col] = row
        goes_on = freed != FREE
        node, col = row[goes_on], freed[goes_on]


def _no_perfect_matching() -> MatchingError:
    return MatchingError("These candidate pairs leave some particles without any partner.")
