"""The whole way from metadata and images to the density, and what happens when something on it is wrong.

Figures are at the species' own pixel size of 5 Å in a box of 32, so that half of Nyquist, 20 Å, is shell 8.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtui.demo.phantom import Phantom
from mtui.demo.project import DemoProject
from mtui.demo.tour import Verdict, judge_average
from mtui.demo.truth import load_truth
from tests.demo.exporting import export_average
from tests.demo.sabotage import MOVEMENT, VOLUME_WARP, forget_trajectories, ignore_grids, mirror

# One worker, so that the engine compiles once.
pytestmark = pytest.mark.xdist_group("demo export")

PAIR = ("grid_01", "lamella_1")
"""Two tilt series, one of them inverted: enough to give back the density, so enough to spoil."""


def judge(
    project: DemoProject, species: str, roots: tuple[str, ...] = (), prerotate: bool = False
) -> Verdict:
    truth = load_truth(project.truth).species[species].phantom
    verdict = judge_average(export_average(project, species, roots, prerotate), truth)
    assert verdict.average.angpix == 5.0
    assert len(verdict.average.volume) == 32
    assert (verdict.last_shell, verdict.resolution_ang) == (8, 20.0)
    return verdict


COUNTS = {"anchor": 80, "slow drifter": 70}


@pytest.mark.parametrize("species", COUNTS)
def test_the_average_gives_back_the_density(demo_project: DemoProject, species: str) -> None:
    verdict = judge(demo_project, species)
    assert verdict.average.particles == COUNTS[species]
    assert verdict.lowest >= 0.9


@pytest.mark.parametrize("species", COUNTS)
def test_two_series_are_enough_with_poses_and_pre_rotated_without(
    demo_project: DemoProject, species: str
) -> None:
    for prerotate in (False, True):
        verdict = judge(demo_project, species, PAIR, prerotate)
        assert verdict.average.particles == COUNTS[species] * 2 // 5
        assert verdict.lowest >= 0.9


@pytest.mark.full
@pytest.mark.parametrize("species", COUNTS)
def test_pre_rotated_volumes_of_all_series_give_it_back_without_poses(
    demo_project: DemoProject, species: str
) -> None:
    assert judge(demo_project, species, prerotate=True).lowest >= 0.9


def forget_drift(project: DemoProject) -> None:
    forget_trajectories(project, "slow drifter")


def ignore_movement(project: DemoProject) -> None:
    ignore_grids(project, MOVEMENT)


def ignore_volume_warp(project: DemoProject) -> None:
    ignore_grids(project, VOLUME_WARP)


@pytest.mark.parametrize(
    ("species", "spoil", "prerotate"),
    [
        ("slow drifter", forget_drift, False),
        ("slow drifter", forget_drift, True),
        ("anchor", ignore_movement, False),
        ("anchor", ignore_volume_warp, False),
    ],
)
def test_a_trajectory_or_a_warp_cannot_be_ignored(
    demo_copy: DemoProject, species: str, spoil: Callable[[DemoProject], None], prerotate: bool
) -> None:
    spoil(demo_copy)
    assert judge(demo_copy, species, PAIR, prerotate).lowest < 0.8


def test_a_mirrored_geometry_gives_the_mirrored_density(demo_copy: DemoProject) -> None:
    mirror(demo_copy, "anchor")
    verdict = judge(demo_copy, "anchor", PAIR)
    assert verdict.lowest < 0.5
    truth = load_truth(demo_copy.truth).species["anchor"].phantom
    mirrored = Phantom(truth.centres_ang * (1, 1, -1), truth.amplitudes, truth.sigma_ang)
    assert judge_average(verdict.average, mirrored).lowest >= 0.9
