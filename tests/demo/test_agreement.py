"""The forward model against ``mtui.geometry``: two implementations of the same conventions."""

from __future__ import annotations

import numpy as np
import pytest

from mtui.demo.project import DemoProject
from mtui.demo.rotations import matrices_from_euler
from mtui.demo.truth import load_truth
from mtui.geometry.euler import matrix_from_euler
from mtui.geometry.tilts import Frame, positions_in_tilts
from mtui.geometry.trajectories import dose_steps, resample
from mtui.model.population import load_population
from mtui.model.tilt_images import locate_tilt_images, raw_size_px
from mtui.model.tilt_series import load_tilt_series
from mtui.model.versions import load_particles

SERIES = ("grid_01", "grid_02", "grid_03", "lamella_1", "lamella_2")


@pytest.mark.parametrize("species_name", ["anchor", "slow drifter"])
@pytest.mark.parametrize("root", SERIES)
def test_positions_and_defocus_agree(demo_project: DemoProject, root: str, species_name: str) -> None:
    population = load_population(demo_project.population)
    ref = next(ref for ref in population.series_by_hash().values() if ref.root == root)
    truth = load_truth(demo_project.truth).species[species_name].series[root]
    particles = load_particles(population.find_species(species_name))
    particles = particles.select(particles.source_hash == ref.hash)
    series = load_tilt_series(ref)
    size = raw_size_px(series, ref.source, locate_tilt_images(series))
    angpix = float(ref.source.angpix)
    frame = Frame(ref.source.volume_ang, (size.x * angpix, size.y * angpix))
    coords = resample(particles.positions_ang.astype(np.float64), dose_steps(series.geometry.dose))
    found = positions_in_tilts(series.geometry, frame, coords)
    assert found.xy_ang.shape == truth.xy_ang.shape
    np.testing.assert_allclose(found.xy_ang, truth.xy_ang, atol=2e-2)
    assert np.abs(found.defocus_um - truth.defocus_um).max() * 1e4 < 20


@pytest.mark.parametrize("root", SERIES)
def test_the_test_of_defocus_would_notice_the_wrong_hand(demo_project: DemoProject, root: str) -> None:
    truth = load_truth(demo_project.truth).species["anchor"].series[root]
    spread = truth.defocus_um - truth.defocus_um.mean(axis=0)
    assert np.abs(2 * spread).max() * 1e4 > 10 * 20


def test_euler_matrices_agree() -> None:
    angles = np.random.default_rng(2).uniform(-360, 360, (50, 3))
    np.testing.assert_allclose(matrices_from_euler(angles), matrix_from_euler(angles), atol=1e-12)
