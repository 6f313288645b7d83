"""A job runs in a session of its own and ends when it is asked to."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.errors import InputError, JobError
from mtui.jobs import start, stopping
from mtui.jobs.follow import follow
from mtui.jobs.heartbeat import Heartbeat, read_heartbeat
from mtui.jobs.record import Job, list_jobs, read_settings, read_state
from mtui.jobs.start import absolute_settings, start_export, stop_job
from mtui.jobs.units import is_complete, read_units
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny


def plan_of(project: TinyProject) -> ExportPlan:
    settings = ExportSettings(project.population, "apo1", project.folder / "out" / "a.star", box=8)
    return plan_export(load_population(project.population), settings)


def test_a_job_stops_after_the_unit_in_hand(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (tuple(f"TS_{number}" for number in range(40)),), particles=64, tilts=2)
    job = start_export(plan_of(project))
    beat = read_heartbeat(job.heartbeat_path)
    assert beat is not None
    assert os.getsid(beat.pid) == beat.pid != os.getsid(0)
    for progress in follow(job):
        if progress.done_units:
            stop_job(job)
    state = read_state(job)
    assert (state.status, state.exit_code) == ("stopped", 130)
    units = read_units(job.units_path)
    assert 0 < len(units) < 40
    assert all(is_complete(record) for record in units.values())
    assert not list(tmp_path.rglob("*.tmp"))


def test_nothing_is_started_when_something_is_wrong(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    plan = plan_of(project)
    project.xml("TS_1").unlink()
    with pytest.raises(InputError, match=r"TS_1\.xml does not exist"):
        start_export(plan)
    assert list_jobs(project.population) == ()
    assert not plan.output.parent.exists()


def test_a_job_elsewhere_cannot_be_stopped_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Heartbeat("node17", 4711, 1.0, 1e12)
    monkeypatch.setattr(stopping, "running", lambda job: elsewhere)
    with pytest.raises(JobError, match=r"Job 3 runs on node17, not here; .* ssh node17 kill -INT 4711"):
        stop_job(Job(tmp_path / "3"), now=True)
    (tmp_path / "3").mkdir()
    assert stop_job(Job(tmp_path / "3"))
    assert Job(tmp_path / "3").stop_path.exists()


def test_settings_hold_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ExportSettings(Path("a.population"), "apo", Path("../x/o.star"), images_dir="images")
    found = absolute_settings(settings)
    assert found.population == tmp_path / "a.population"
    assert found.output == tmp_path.parent / "x" / "o.star"
    assert found.images_dir == str(tmp_path / "images")
    assert absolute_settings(replace(settings, images_dir="source")).images_dir == "source"


def test_a_job_remembers_absolute_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = ExportSettings(Path("tiny.population"), "apo1", Path("out/a.star"), box=8)
    job = Job(start.launch_export(settings).folder)
    assert [progress.done_particles for progress in follow(job)][-1] > 0
    assert read_settings(job) == absolute_settings(settings)
    assert read_settings(job).population == project.population
