"""A job goes on only with the particles and units that it started with."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.errors import JobError
from mtui.jobs import specification
from mtui.jobs.record import create_job
from mtui.jobs.specification import keep_specification, specify
from mtui.model import export_plan
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import load_population
from mtui.model.versions import load_particles
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny


def plan_of(project: TinyProject) -> ExportPlan:
    settings = ExportSettings(project.population, "apo1", project.folder / "out" / "a.star", box=8)
    return plan_export(load_population(project.population), settings)


def test_the_same_plan_has_the_same_specification(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    plan = plan_of(project)
    job = create_job(plan.settings, time.time())
    keep_specification(job, plan)
    keep_specification(job, plan_of(project))
    found = specify(plan)
    assert (found.particles, found.series, found.units) == (3, 1, 1)


def test_moved_particles_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_tiny(tmp_path)
    plan = plan_of(project)
    job = create_job(plan.settings, time.time())
    keep_specification(job, plan)
    particles = load_particles(plan.species)
    write_m_particles(project.particles, replace(particles, positions_ang=particles.positions_ang + 1))
    with pytest.raises(
        JobError, match=r"started with 3 particles of 1 series, .* changed since\."
    ) as refused:
        keep_specification(job, plan_of(project))
    assert "restore the version" in refused.value.hint


def test_other_units_are_refused_with_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_tiny(tmp_path)
    plan = plan_of(project)
    job = create_job(plan.settings, time.time())
    keep_specification(job, plan)
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 2)
    monkeypatch.setattr(specification, "__version__", "9.0")
    with pytest.raises(JobError, match=r"or mtui has: .* to 9\.0\."):
        keep_specification(job, plan_of(project))


def test_a_damaged_specification_is_named(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path))
    job = create_job(plan.settings, time.time())
    (job.folder / "specification.json").write_text("{")
    with pytest.raises(JobError, match=r"specification\.json cannot be read"):
        keep_specification(job, plan)
