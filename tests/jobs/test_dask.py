"""An export on Dask's workers writes the bytes of a local one, whatever is killed on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag
from threading import Timer

import pytest
from distributed import Client

from mtui.errors import JobError, WriteError
from mtui.jobs.events import Event, read_events
from mtui.jobs.export import run_export
from mtui.jobs.leftovers import TEMPORARY
from mtui.jobs.local import LocalCrew
from mtui.jobs.preflight import prepare_folders
from mtui.jobs.progress import read_progress
from mtui.jobs.record import Job, create_job
from mtui.jobs.report import Outcome, Reporter, Stopped
from mtui.jobs.results import Crew
from mtui.jobs.scale import stretches
from mtui.jobs.scale.cluster import crew_for
from mtui.jobs.scale.crew import Task
from mtui.jobs.scale.hand_out import HandOut
from mtui.jobs.scale.remote import work_on
from mtui.jobs.scale.window import Ended, Window
from mtui.jobs.units import read_units
from mtui.model import export_plan
from mtui.model.export_plan import plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.jobs.dask_processes import DaskProcesses, dask_processes, wait_for
from tests.tiny import TinyProject, write_tiny

SERIES = ("TS_1", "TS_2", "TS_3", "TS_4", "TS_5")
PARTICLES = 11


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six units and three pieces per series."""
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 2)
    monkeypatch.setattr(stretches, "STRETCH_UNITS", 2)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskProcesses]:
    with dask_processes(tmp_path / "dask") as processes:
        yield processes


@dataclass(frozen=True)
class Listener(Reporter):
    """A reporter that lets a test act on an event."""

    act: Callable[[Event], None]

    def say(self, event: Event) -> None:
        super().say(event)
        self.act(event)


def project_in(folder: Path) -> TinyProject:
    return write_tiny(folder, (SERIES,), particles=PARTICLES, tilts=2)


def new_job(project: TinyProject) -> Job:
    return create_job(settings_of(project), time.time())


def settings_of(project: TinyProject) -> ExportSettings:
    return ExportSettings(project.population, "apo 1", project.folder / "out" / "a.star", box=8)


def run(
    project: TinyProject,
    job: Job,
    crew: Crew | None = None,
    act: Callable[[Event], None] = lambda event: None,
    stop: Flag | None = None,
) -> Outcome:
    plan = plan_export(load_population(project.population), settings_of(project))
    return run_export(plan, Listener(job, act), stop or Flag(), crew or LocalCrew())


def joined(project: TinyProject, cluster: DaskProcesses) -> Crew:
    return crew_for(replace(settings_of(project), scheduler=cluster.address))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def at_unit(count: int, act: Callable[[], None]) -> Callable[[Event], None]:
    """Act once, when so many units are done."""
    seen: list[Event] = []

    def listen(event: Event) -> None:
        if event.kind == "unit":
            seen.append(event)
            if len(seen) == count:
                act()

    return listen


def test_a_lost_worker_changes_nothing(tmp_path: Path, cluster: DaskProcesses) -> None:
    alone, shared = project_in(tmp_path / "alone"), project_in(tmp_path / "shared")
    for project in (alone, shared):
        project.average("TS_3", 1).unlink()
    outcome = run(alone, new_job(alone))
    job = new_job(shared)

    def kill_in_a_write() -> None:
        assert cluster.hold(0).exists()
        cluster.kill_worker(0)

    killed = at_unit(3, kill_in_a_write)
    assert (run(shared, job, joined(shared, cluster), killed).particles, outcome.particles) == (44, 44)
    assert tree(shared.folder / "out") == tree(alone.folder / "out")
    assert not list(tmp_path.rglob("*.tmp"))
    progress = read_progress(job.events_path, time.time())
    assert (progress.done_units, progress.done_series, progress.fraction) == (24, 5, 1.0)
    assert [event.series for event in progress.problems] == ["TS_3"]
    assert "TS_3_1.mrc" in progress.problems[0].text
    gone = re.compile(
        r"Worker (w0 on |at tcp://)127\.0\.0\.1(:\d+)? is gone; others do what it had in hand\."
    )
    assert any(gone.fullmatch(text) for text in progress.warnings)
    devices = {event.device for event in read_events(job.events_path)[0] if event.kind == "unit"}
    assert "CPU, worker w1" in devices


def test_a_run_that_fails_waits_for_its_workers(tmp_path: Path, cluster: DaskProcesses) -> None:
    project = project_in(tmp_path / "shared")
    held: list[Path] = []

    def fail_while_one_writes() -> None:
        held.append(cluster.hold(0))
        Timer(1.0, cluster.let_go).start()
        raise WriteError("The disk is full.")

    with pytest.raises(WriteError, match="The disk is full"):
        run(project, new_job(project), joined(project, cluster), at_unit(1, fail_while_one_writes))
    assert not list(tmp_path.rglob("*.tmp"))
    name = TEMPORARY.fullmatch(held[0].name)
    assert name is not None and held[0].with_name(name["name"]).is_file(), "what it wrote is complete"
    with Client(cluster.address, set_as_default=False) as client:
        assert busy(client) == 0


def test_a_worker_ends_after_its_unit_when_the_job_is_gone(tmp_path: Path) -> None:
    project = project_in(tmp_path / "shared")
    plan = plan_export(load_population(project.population), settings_of(project))
    prepare_folders(plan)
    hand_out = HandOut(plan, {}, "run")
    with dask_processes(tmp_path / "dask", workers=1) as cluster:
        with Client(cluster.address, set_as_default=False) as client:
            window: Window[Task] = Window(client, work_on, "run")
            window.submit(hand_out.take(1))
            cluster.hold(0)
            window.submit(hand_out.take(1))
            wait_for(lambda: busy(client) == 2)
        with Client(cluster.address, set_as_default=False) as client:
            wait_for(lambda: not any(client.processing().values()))
            assert busy(client) == 2, "Dask has forgotten them, they have not"
            cluster.let_go()
            wait_for(lambda: busy(client) == 0)
    assert len(tree(project.folder / "out")) == 2 * 2, "two particles and their CTFs"


def test_a_task_is_over_though_its_worker_is_gone_since(tmp_path: Path) -> None:
    with (
        dask_processes(tmp_path / "dask", workers=1) as cluster,
        Client(cluster.address, set_as_default=False) as client,
    ):
        window: Window[str] = Window(client, lambda _request: None, "run")
        window.submit("a request")
        [(_, future)] = window.tasks.values()
        wait_for(future.done)
        cluster.kill_worker(0)
        wait_for(lambda: future.status == "lost")
        assert window.next(10) == Ended("a request", None)


def busy(client: Client) -> int:
    """Threads of workers that are at a task."""
    return sum(client.run(lambda dask_worker: len(dask_worker.active_threads)).values())


def test_a_lost_scheduler_leaves_a_job_that_goes_on(tmp_path: Path, cluster: DaskProcesses) -> None:
    alone, shared = project_in(tmp_path / "alone"), project_in(tmp_path / "shared")
    run(alone, new_job(alone))
    job = new_job(shared)
    with pytest.raises(JobError, match=r"The Dask scheduler tcp://127.0.0.1:\d+ does not answer any more"):
        run(shared, job, joined(shared, cluster), at_unit(2, cluster.kill_scheduler))
    finished = read_units(job.units_path)
    assert 2 <= len(finished) < 30
    run(shared, job)
    assert tree(shared.folder / "out") == tree(alone.folder / "out")


@pytest.mark.full
def test_a_stopped_job_ends_after_the_units_in_hand(tmp_path: Path) -> None:
    alone, shared = project_in(tmp_path / "alone"), project_in(tmp_path / "shared")
    run(alone, new_job(alone))
    stop, job = Flag(), new_job(shared)
    crew = crew_for(replace(settings_of(shared), workers=2))
    with pytest.raises(Stopped):
        run(shared, job, crew, at_unit(2, stop.set), stop)
    assert 2 <= len(read_units(job.units_path)) < 30
    run(shared, job, crew)
    assert tree(shared.folder / "out") == tree(alone.folder / "out")
    kinds = [event.kind for event in read_events(job.events_path)[0]]
    assert kinds.count("kept") >= 2


def test_a_job_without_workers_can_be_stopped(tmp_path: Path) -> None:
    project = project_in(tmp_path / "shared")
    stop, job = Flag(), new_job(project)
    with dask_processes(tmp_path / "dask", workers=0) as cluster, pytest.raises(Stopped):
        stop.set()
        run(project, job, joined(project, cluster), stop=stop)
    assert not read_units(job.units_path)
