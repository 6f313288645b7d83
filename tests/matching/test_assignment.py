"""Perfect matching on sparse graphs, and its dual variables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mtui.errors import MatchingError
from mtui.matching.assignment import FREE, Graph, Matching, Start, solve_perfect_matching


def random_graph(size: int, seed: int, levels: int) -> tuple[Graph, np.ndarray]:
    """A graph with a perfect matching and costs of so many different values, and its matrix."""
    random = np.random.default_rng(seed)
    is_edge = random.random((size, size)) < 0.3
    is_edge[np.arange(size), random.permutation(size)] = True
    cost = random.integers(0, levels, (size, size)).astype(np.float64)
    row, col = np.nonzero(is_edge)
    return Graph(size, row, col, cost[row, col]), np.where(is_edge, cost, 1e9)


def check_optimal(graph: Graph, matrix: np.ndarray, found: Matching) -> None:
    np.testing.assert_array_equal(np.sort(found.col_of_row), np.arange(graph.size))
    total = matrix[np.arange(graph.size), found.col_of_row].sum()
    assert total == matrix[linear_sum_assignment(matrix)].sum()
    slack = graph.cost - found.row_dual[graph.row] - found.col_dual[graph.col]
    assert slack.min() >= 0
    assert found.row_dual.sum() + found.col_dual.sum() == total


@pytest.mark.parametrize("levels", [1, 3, 1000])
@pytest.mark.parametrize("seed", range(8))
def test_the_matching_is_optimal_and_its_duals_prove_it(seed: int, levels: int) -> None:
    graph, matrix = random_graph(5 + 4 * seed, seed, levels)
    check_optimal(graph, matrix, solve_perfect_matching(graph))


@pytest.mark.parametrize("seed", range(8))
def test_any_start_leads_to_the_same_total(seed: int) -> None:
    graph, matrix = random_graph(25, seed, 50)
    random = np.random.default_rng(seed)
    pairs = np.where(random.random(25) < 0.5, random.permutation(25), FREE)
    start = Start(random.integers(-40, 40, 25).astype(np.float64), pairs)
    check_optimal(graph, matrix, solve_perfect_matching(graph, start))


def test_more_edges_are_solved_from_the_solution_with_fewer() -> None:
    graph, matrix = random_graph(30, 1, 100)
    kept = np.flatnonzero((graph.cost > 20) | (matrix[graph.row, graph.col] > 50))
    kept = np.union1d(kept, np.flatnonzero(solve_perfect_matching(graph).col_of_row[graph.row] == graph.col))
    part = solve_perfect_matching(Graph(30, graph.row[kept], graph.col[kept], graph.cost[kept]))
    check_optimal(graph, matrix, solve_perfect_matching(graph, Start(part.col_dual, part.col_of_row)))


def test_a_graph_without_perfect_matching_is_refused() -> None:
    graph = Graph(3, np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), np.ones(4))
    with pytest.raises(MatchingError, match="without any partner"):
        solve_perfect_matching(graph)
    two_rows_one_column = Graph(3, np.array([0, 1, 2, 2]), np.array([0, 0, 1, 2]), np.ones(4))
    with pytest.raises(MatchingError, match="without any partner"):
        solve_perfect_matching(two_rows_one_column)


def test_an_empty_graph_has_an_empty_matching() -> None:
    nothing = np.empty(0, np.int64)
    assert solve_perfect_matching(Graph(0, nothing, nothing, np.empty(0))).col_of_row.size == 0
