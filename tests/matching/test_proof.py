"""The dual variables of a solution prove that no other pairing has a smaller total: no solver is asked."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mtui.matching.generation import Solution
from mtui.matching.problem import Points, Problem
from mtui.matching.warm import solve_all
from tests.matching.scenes import KINDS, make_scene

SCALE = 2.0**28


def check_proof(problem: Problem, solution: Solution) -> None:
    """Weak duality: a pairing costs at least the sum of duals that allow every pair; here it costs just that.

    With more new particles than old ones a dual above zero would pay for a new particle that stays alone.
    """
    points, duals = problem.points, solution.duals
    for old in range(problem.n_old):
        cost = points.cost(np.full(problem.n_new, old), np.arange(problem.n_new))
        assert np.all(duals.old[old] + duals.new <= cost)
    if problem.n_old < problem.n_new:
        assert np.all(duals.new <= 0)
    assert len(np.unique(solution.old)) == len(np.unique(solution.new)) == problem.n_old
    total = math.fsum(points.cost(solution.old, solution.new))
    assert total == math.fsum([*duals.old, *duals.new])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(900, 900), (800, 900)])
def test_the_duals_prove_the_least_total(kind: str, sizes: tuple[int, int]) -> None:
    old, new = make_scene(kind, *sizes, seed=11)
    alone = math.inf if sizes[0] == sizes[1] else 0.0
    problem = Problem(Points(old, new, SCALE), math.inf, alone)
    check_proof(problem, solve_all(problem))


@pytest.mark.full
@pytest.mark.parametrize("sizes", [(20_000, 20_000), (18_000, 20_000)])
def test_the_duals_prove_it_where_no_dense_solver_goes(sizes: tuple[int, int]) -> None:
    old, new = make_scene("noisy", *sizes, seed=0, box_ang=8000.0)
    alone = math.inf if sizes[0] == sizes[1] else 0.0
    problem = Problem(Points(old, new, SCALE), math.inf, alone)
    check_proof(problem, solve_all(problem))
