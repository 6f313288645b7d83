"""From the classic table alone the demo's density comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtui.demo.average import Average
from mtui.demo.project import DemoProject
from mtui.demo.tour import FIRST_SHELL, Verdict, judge_average
from mtui.demo.truth import load_truth
from tests.demo.exporting import export_average
from tests.physics.exporting import export_set
from tests.physics.images import read_classic
from tests.physics.reconstruction import reconstruct


def verdict_of(project: DemoProject, species: str, folder: Path) -> tuple[Verdict, Verdict]:
    """The average of an export, and its mirror image, against the truth."""
    star = export_set(
        project.population, species, folder / "warp.star", output_kind="series", profile="warp-series"
    )
    stack = read_classic(star)
    volume = reconstruct(stack).astype(np.float32)
    phantom = load_truth(project.truth).species[species].phantom
    averages = (Average(entry, stack.angpix, 0) for entry in (volume, volume[:, :, ::-1]))
    verdict, mirrored = (judge_average(average, phantom) for average in averages)
    return verdict, mirrored


@pytest.mark.parametrize("species", ["anchor", "slow drifter"])
def test_raw_images_give_the_density_back(demo_project: DemoProject, tmp_path: Path, species: str) -> None:
    verdict, mirrored = verdict_of(demo_project, species, tmp_path)
    assert verdict.lowest > 0.95
    assert mirrored.lowest < 0.5


@pytest.mark.full
@pytest.mark.parametrize("species", ["anchor", "slow drifter"])
def test_their_average_is_as_good_as_that_of_volumes(
    demo_project: DemoProject, tmp_path: Path, species: str
) -> None:
    verdict, _ = verdict_of(demo_project, species, tmp_path)
    phantom = load_truth(demo_project.truth).species[species].phantom
    volumes = judge_average(export_average(demo_project, species), phantom)
    print(f"{species}: images {verdict.lowest:.4f}, volumes {volumes.lowest:.4f}")
    shells = slice(FIRST_SHELL, verdict.last_shell + 1)
    assert (verdict.fsc[shells] > volumes.fsc[shells] - 0.02).all()
