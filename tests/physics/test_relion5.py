"""From RELION 5's files alone every image shows the density where, how and as defocused as they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import starfile

from mtui.demo.project import DemoProject
from mtui.demo.truth import load_truth
from mtui.model.tilt_series import load_tilt_series
from tests.physics.exporting import export_set
from tests.physics.images import ImageStack
from tests.physics.projections import correlations, read_relion5

Array = np.ndarray[Any, Any]

OFFSETS_ANG = np.arange(-600.0, 601.0, 150.0)


def exported(project: DemoProject, folder: Path, **options: Any) -> tuple[ImageStack, Array]:
    star = export_set(
        project.population,
        "anchor",
        folder / "particles.star",
        output_kind="series",
        premultiply=False,
        float32=True,
        **options,
    )
    return read_relion5(star)


def best_offsets(stack: ImageStack, particle: Array, project: DemoProject) -> Array:
    """What has to be added to the defocus of each particle for its images to fit best, in Å."""
    phantom = load_truth(project.truth).species["anchor"].phantom
    scores = np.array([correlations(stack, phantom, offset) for offset in OFFSETS_ANG])
    summed = np.array([[row[particle == number].sum() for number in np.unique(particle)] for row in scores])
    fits = [np.polynomial.Polynomial.fit(OFFSETS_ANG, column, 4) for column in summed.T]
    fine = np.linspace(OFFSETS_ANG[0], OFFSETS_ANG[-1], 1201)
    return np.array([fine[np.argmax(fit(fine))] for fit in fits])


def true_defocus_ang(project: DemoProject) -> Array:
    """(I,) of every image, from the forward model."""
    series = load_truth(project.truth).species["anchor"].series
    return np.concatenate([series[root].defocus_um.ravel() for root in ("grid_01", "lamella_1")]) * 1e4


def test_density_defocus_and_hand(quiet_project: DemoProject, tmp_path: Path) -> None:
    stack, particle = exported(quiet_project, tmp_path)
    phantom = load_truth(quiet_project.truth).species["anchor"].phantom
    true_ang = true_defocus_ang(quiet_project)
    mean_ang = (stack.defocus_u_ang + stack.defocus_v_ang) / 2
    assert np.abs(mean_ang - true_ang).max() < 50.0

    found = correlations(stack, phantom)
    half_delta = (stack.defocus_u_ang - stack.defocus_v_ang) / 2
    exact = replace(stack, defocus_u_ang=true_ang + half_delta, defocus_v_ang=true_ang - half_delta)
    expected = correlations(exact, phantom)
    assert expected.mean() > 0.9
    assert np.abs(found - expected).max() < 0.01
    mirrored = replace(phantom, centres_ang=phantom.centres_ang * np.array([1.0, 1.0, -1.0]))
    assert correlations(stack, mirrored).mean() < expected.mean() - 0.05

    offsets = best_offsets(stack, particle, quiet_project)
    assert np.median(np.abs(offsets)) < 25.0
    assert np.abs(offsets).max() < 50.0


@pytest.mark.parametrize("species", ["anchor", "slow drifter"])
def test_defocus_in_every_series(demo_project: DemoProject, tmp_path: Path, species: str) -> None:
    """Normal and inverted series, deselected tilts, binned averages, particles that move."""
    star = export_set(
        demo_project.population, species, tmp_path / "particles.star", output_kind="series", premultiply=False
    )
    stack, particle = read_relion5(star)
    mean_ang = (stack.defocus_u_ang + stack.defocus_v_ang) / 2
    rows = starfile.read(star, always_dict=True)["particles"]
    truth = load_truth(demo_project.truth).species[species].series
    signs = set()
    for number, row in rows.iterrows():
        root = row["rlnTomoName"].removesuffix(".tomostar")
        geometry = load_tilt_series(next(demo_project.folder.rglob(f"{root}.xml"))).geometry
        signs.add(geometry.angles_inverted)
        shown = np.array([int(flag) for flag in row["rlnTomoVisibleFrames"].strip("[]").split(",")], bool)
        true_um = truth[root].defocus_um[row["rlnTomoParticleId"] - 1, geometry.use_tilt][shown]
        difference_ang = mean_ang[particle == number] - true_um * 1e4
        assert np.sqrt(np.mean(difference_ang**2)) < 50.0
        assert np.abs(difference_ang).max() < 60.0
    assert signs == {False, True}


def test_the_other_hand_is_visibly_wrong(quiet_project: DemoProject, tmp_path: Path) -> None:
    stack, particle = exported(quiet_project, tmp_path, hand="warptools")
    mean_ang = (stack.defocus_u_ang + stack.defocus_v_ang) / 2
    wrong_ang = mean_ang - true_defocus_ang(quiet_project)
    average = np.array([wrong_ang[particle == number].mean() for number in np.unique(particle)])
    assert np.abs(average).max() > 100.0
    offsets = best_offsets(stack, particle, quiet_project)
    # What has to be added is what is wrong, particle by particle.
    far = np.abs(average) > 100.0
    assert np.abs(offsets[far] + average[far]).max() < 100.0
