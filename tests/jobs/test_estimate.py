"""The time that an export will take is scaled from earlier ones on the same machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.jobs import estimate
from mtui.jobs.estimate import Speed, estimate_seconds, remember_speed
from mtui.jobs.events import Event, append_event
from mtui.jobs.record import create_job, state_folder
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.tiny import write_tiny


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportPlan:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = write_tiny(tmp_path / "project", particles=5)
    settings = ExportSettings(project.population, "apo1", project.folder / "out" / "a.star", box=8)
    return plan_export(load_population(project.population), settings)


def run_at(plan: ExportPlan, seconds: float) -> None:
    """A run of two units of 10 particles, the second of which took some time."""
    job = create_job(plan.settings, 1.0)
    for event in (
        Event("started", 100.0, particles=20),
        Event("unit", 190.0, "TS_1", 0, 10, 90.0),
        Event("unit", 190.0 + seconds, "TS_1", 1, 10, seconds),
    ):
        append_event(job.events_path, event)
    remember_speed(job, plan)


def test_nothing_is_known_at_first(plan: ExportPlan) -> None:
    assert estimate_seconds(plan) is None
    assert not state_folder().exists()


def test_it_scales_with_particles_and_voxels(plan: ExportPlan) -> None:
    run_at(plan, 400.0)
    # 40 s each, and there are 5.
    assert estimate_seconds(plan) == pytest.approx(200.0)
    assert estimate_seconds(replace(plan, box_px=16)) == pytest.approx(1600.0)
    assert estimate_seconds(replace(plan, box_px=4)) == pytest.approx(25.0)
    assert estimate_seconds(replace(plan, box_px=18)) is None
    assert estimate_seconds(replace(plan, box_px=2)) is None
    assert estimate_seconds(replace(plan, target=replace(plan.target, kind="series"))) is None
    assert estimate_seconds(replace(plan, settings=replace(plan.settings, cluster="slurm"))) is None


def test_the_median_of_the_last_ones_counts(plan: ExportPlan) -> None:
    for seconds in (10000.0, 10000.0, 400.0, 200.0, 600.0, 400.0, 50000.0):
        run_at(plan, seconds)
    assert estimate_seconds(plan) == pytest.approx(200.0)


def test_other_machines_do_not_count(plan: ExportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    run_at(plan, 400.0)
    monkeypatch.setattr(estimate, "host_name", lambda: "node17")
    assert estimate_seconds(plan) is None


def test_a_cut_line_is_passed_over(plan: ExportPlan) -> None:
    run_at(plan, 400.0)
    path = state_folder() / "speeds.jsonl"
    assert Speed(**json.loads(path.read_text())).seconds == 400.0
    path.write_text(path.read_text() + '{"host": "gp')
    assert estimate_seconds(plan) == pytest.approx(200.0)


def test_a_short_run_says_nothing(plan: ExportPlan) -> None:
    run_at(plan, 29.0)
    assert estimate_seconds(plan) is None


def test_a_run_of_one_unit_says_nothing(plan: ExportPlan) -> None:
    job = create_job(plan.settings, 1.0)
    append_event(job.events_path, Event("started", 100.0, particles=20))
    append_event(job.events_path, Event("unit", 190.0, "TS_1", 0, 10, 90.0))
    remember_speed(job, plan)
    assert estimate_seconds(plan) is None


def test_a_closed_state_folder_is_no_failure(plan: ExportPlan) -> None:
    state_folder().parent.write_text("a file where the folder should be")
    run_at(plan, 400.0)
    assert estimate_seconds(plan) is None
