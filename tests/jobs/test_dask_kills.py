"""Jobs on Dask's workers: whatever is killed, going on ends in the bytes of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.jobs.claim import running
from mtui.jobs.events import Event, read_events
from mtui.jobs.follow import LOST, follow, state_word
from mtui.jobs.record import Job, read_settings, read_state
from mtui.jobs.start import launch_export, resume_job
from mtui.settings import ExportSettings
from tests.jobs.dask_processes import DaskProcesses, dask_processes
from tests.tiny import TinyProject, write_tiny

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

SEED = 20262
SERIES = tuple(f"TS_{number}" for number in range(12))
PARTICLES = 130
"""Three units per series."""
WAIT_S = 90.0


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed job of one process writes."""
    project = project_in(tmp_path_factory.mktemp("alone"))
    job = Job(launch_export(settings_of(project)).folder)
    wait_for_end(job)
    return tree(project.folder / "out")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskProcesses]:
    with dask_processes(tmp_path / "dask", workers=3) as processes:
        yield processes


def project_in(folder: Path) -> TinyProject:
    return write_tiny(folder, (SERIES,), particles=PARTICLES, tilts=2)


def settings_of(project: TinyProject) -> ExportSettings:
    return ExportSettings(project.population, "apo 1", project.folder / "out" / "a.star", box=16)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def units_of(job: Job) -> list[Event]:
    return [event for event in read_events(job.events_path)[0] if event.kind == "unit"]


def wait_for_units(job: Job, count: int) -> None:
    end = time.monotonic() + WAIT_S
    while len(units_of(job)) < count and time.monotonic() < end and running(job) is not None:
        time.sleep(0.02)


def wait_for_end(job: Job) -> None:
    for _progress in follow(job):
        continue


def assert_as_expected(job: Job, project: TinyProject, expected: dict[str, bytes]) -> None:
    wait_for_end(job)
    assert read_state(job).status == "done", read_state(job).message
    assert tree(project.folder / "out") == expected
    left = [path for path in project.folder.rglob("*") if path.name.endswith((".tmp", ".mtui-job"))]
    assert left == []


@pytest.mark.parametrize("seed", range(5))
def test_the_job_of_local_workers_is_killed(tmp_path: Path, expected: dict[str, bytes], seed: int) -> None:
    project = project_in(tmp_path)
    job = Job(launch_export(replace(settings_of(project), workers=2)).folder)
    wait_for_units(job, random.Random(SEED + seed).randrange(1, 30))
    beat = running(job)
    assert beat is not None
    os.kill(beat.pid, signal.SIGKILL)
    end = time.monotonic() + WAIT_S
    while state_word(job, read_state(job), time.time()) != LOST and time.monotonic() < end:
        time.sleep(0.05)
    resume_job(job)
    assert_as_expected(job, project, expected)


@pytest.mark.parametrize("seed", range(5))
def test_workers_are_killed(
    tmp_path: Path, expected: dict[str, bytes], cluster: DaskProcesses, seed: int
) -> None:
    project = project_in(tmp_path / "shared")
    job = Job(launch_export(replace(settings_of(project), scheduler=cluster.address)).folder)
    chance = random.Random(SEED + seed)
    for number in chance.sample(range(3), 2):
        wait_for_units(job, len(units_of(job)) + chance.randrange(1, 8))
        cluster.kill_worker(number)
    assert_as_expected(job, project, expected)
    assert any("is gone" in event.text for event in read_events(job.events_path)[0])


@pytest.mark.parametrize("seed", range(5))
def test_the_scheduler_is_killed(
    tmp_path: Path, expected: dict[str, bytes], cluster: DaskProcesses, seed: int
) -> None:
    project = project_in(tmp_path / "shared")
    job = Job(launch_export(replace(settings_of(project), scheduler=cluster.address)).folder)
    wait_for_units(job, random.Random(SEED + seed).randrange(1, 25))
    cluster.kill_scheduler()
    wait_for_end(job)
    state = read_state(job)
    assert (state.status, state.exit_code) == ("failed", 1)
    assert "does not answer any more" in state.message and "mtui jobs resume" in state.hint
    resume_job(job, workers=replace(read_settings(job), scheduler=None))
    assert_as_expected(job, project, expected)
    assert read_settings(job).scheduler is None
