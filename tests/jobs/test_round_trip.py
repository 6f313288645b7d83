"""An exported table read as a new set gives the particles back, in every profile with tomogram positions."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest

from mtui.geometry.euler import matrix_from_euler
from mtui.jobs.export import run_export
from mtui.jobs.record import create_job
from mtui.jobs.report import Reporter
from mtui.matching.new_set import read_new_set
from mtui.model.export_plan import plan_export
from mtui.model.particles import ParticleSet
from mtui.model.population import load_population
from mtui.model.versions import load_particles
from mtui.settings import ExportSettings, IntersectSettings
from tests.tiny import TinyProject, write_tiny

ANGPIX = Decimal(20)

# Distance in Å and turn in degrees that the table's decimals allow.
FIVE_DECIMALS = (0.02, 2e-4)
THREE_DECIMALS = (0.001 * float(ANGPIX), 0.003)


def export(project: TinyProject, **options: Any) -> Path:
    star = project.folder / "out" / "a.star"
    settings = ExportSettings(project.population, "apo 1", star, box=8, angpix=ANGPIX, **options)
    plan = plan_export(load_population(project.population), settings)
    run_export(plan, Reporter(create_job(settings, time.time())), Flag())
    return star


def read_back(project: TinyProject, star: Path) -> tuple[ParticleSet, ParticleSet]:
    """The species' particles and the table's."""
    population = load_population(project.population)
    species = population.find_species("apo 1")
    settings = IntersectSettings(project.population, "apo 1", relion_star=star)
    return load_particles(species), read_new_set(population, species, settings).particles


@pytest.mark.parametrize("keys", [1, 3])
@pytest.mark.parametrize(
    "options, limits",
    [
        ({"profile": "relion3"}, FIVE_DECIMALS),
        ({"profile": "relion31"}, FIVE_DECIMALS),
        ({"profile": "coordinates"}, FIVE_DECIMALS),
        ({"profile": "raw"}, FIVE_DECIMALS),
        ({"profile": "raw", "output_kind": "series"}, FIVE_DECIMALS),
        ({"profile": "relion5", "output_kind": "series"}, THREE_DECIMALS),
        ({"profile": "relion5", "output_kind": "series", "strict_columns": True}, THREE_DECIMALS),
    ],
)
def test_every_particle_comes_back(
    tmp_path: Path, options: dict[str, Any], limits: tuple[float, float], keys: int
) -> None:
    project = write_tiny(tmp_path, (("TS_2", "TS_1"), ("TS_9",)), particles=3, keys=keys)
    old, new = read_back(project, export(project, **options))
    assert len(new) == len(old) == 9
    offsets = new.positions_ang[:, None, 0].astype(np.float64) - old.positions_ang[None, :, 0]
    distance = np.where(new.source_hash[:, None] == old.source_hash, np.linalg.norm(offsets, axis=2), np.inf)
    partner = distance.argmin(axis=1)
    assert sorted(partner.tolist()) == list(range(9))
    assert distance.min(axis=1).max() < limits[0]
    turn = matrix_from_euler(old.angles_deg[partner, 0]).swapaxes(1, 2) @ matrix_from_euler(
        new.angles_deg[:, 0]
    )
    sine = np.linalg.norm(turn - turn.swapaxes(1, 2), axis=(1, 2)) / np.sqrt(8)
    assert np.degrees(np.arcsin(sine)).max() < limits[1]
    if not options.get("strict_columns"):
        assert new.half.tolist() == old.half[partner].tolist()


def test_ms_pose_times_move_particles_that_move(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, keys=3)
    old, new = read_back(project, export(project, m_pose_times=True))
    # The first tilt in the list was exposed last.
    np.testing.assert_allclose(new.positions_ang[:, 0], old.positions_ang[:, -1], atol=0.02)
    np.testing.assert_allclose(new.angles_deg[:, 0], old.angles_deg[:, 0], atol=1e-4)
