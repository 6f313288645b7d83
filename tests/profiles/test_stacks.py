"""Which particles and tilts a stack is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtui.profiles.poses import Projections, compute_poses, project_poses
from mtui.profiles.stacks import StackRule, TiltOrder, UnitStacks, plan_stacks
from tests.profiles.scene import DIAMETER_ANG, FRAME, make_particles, make_series

VISIBLE = np.array([[1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0]], dtype=bool)


def planned(rule: StackRule, order: TiltOrder = "index", deselected: tuple[int, ...] = ()) -> UnitStacks:
    series = make_series(deselected=deselected)
    poses = compute_poses(series, make_particles(4), 0, None, "first")
    projections: Projections = replace(project_poses(poses, FRAME, DIAMETER_ANG), visible=VISIBLE)
    return plan_stacks(poses, projections, FRAME, rule, order)


@pytest.mark.parametrize(
    "rule, kept, slices",
    [
        ("visible", [0, 1, 3], [[0, 1, 2, 3, 4], [1, 2, 3], [2]]),
        ("full", [0, 1, 3], [[0, 1, 2, 3, 4]] * 3),
        ("drop-partial", [0], [[0, 1, 2, 3, 4]]),
        ("everything", [0, 1, 2, 3], [[0, 1, 2, 3, 4]] * 4),
    ],
)
def test_rules(rule: StackRule, kept: list[int], slices: list[list[int]]) -> None:
    stacks = planned(rule)
    assert stacks.poses.number.tolist() == kept
    assert [tilts.tolist() for tilts in stacks.slices] == slices
    assert stacks.n_dropped == 4 - len(kept)


def test_dose_order_starts_with_the_first_exposed() -> None:
    assert planned("visible", "dose").slices[1].tolist() == [2, 3, 1]
    assert planned("drop-partial", "dose").slices[0].tolist() == [2, 3, 1, 4, 0]


def test_deselected_tilts_are_in_no_stack_and_hide_no_particle() -> None:
    stacks = planned("drop-partial", deselected=(0, 4))
    assert stacks.poses.number.tolist() == [0, 1]
    assert all(tilts.tolist() == [1, 2, 3] for tilts in stacks.slices)


def test_pairs_go_stack_by_stack() -> None:
    particle, tilt = planned("visible").pairs
    assert particle.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 2]
    assert tilt.tolist() == [0, 1, 2, 3, 4, 1, 2, 3, 2]
