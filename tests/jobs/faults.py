"""Jobs that are killed, starved or robbed on the way, and what must be true of them afterwards."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mtui.errors import JobError
from mtui.jobs import detach, start
from mtui.jobs.claim import running
from mtui.jobs.follow import follow
from mtui.jobs.heartbeat import is_alive
from mtui.jobs.record import ENDED, Job, list_jobs, read_state
from mtui.settings import ExportSettings
from tests.tiny import write_tiny

SCRIPT = Path(__file__).with_name("faulty_worker.py")
LONGEST_S = 120.0


@dataclass(frozen=True)
class Fault:
    """What happens to a job's process."""

    report: str
    """File that says that it happened, or how many operations there were where nothing happens."""
    unit_particles: int = 3
    at: int = 0
    """Number of the operation at which it happens; 0 for never."""
    what: str = "kill"
    """``kill`` the process, ``close`` the folder ``path`` or take the file ``path`` ``away``."""
    path: str = ""
    room_bytes: int | None = None
    """So much can be written before the disk is full."""


@contextmanager
def fault(monkeypatch: pytest.MonkeyPatch, report: Path, **change: Any) -> Iterator[None]:
    """Jobs that are started in the block meet this fault; without ``change`` they only have small units."""
    launch = detach.start_detached
    report.unlink(missing_ok=True)

    def start_faulty(way: Any, command: list[str], text: str) -> Any:
        place = command.index("-m")
        return launch(way, [*command[:place], str(SCRIPT), *command[place + 2 :]], text)

    with monkeypatch.context() as patch:
        patch.setattr(start, "start_detached", start_faulty)
        patch.setenv("MTUI_TEST_FAULT", json.dumps(dataclasses.asdict(Fault(str(report), **change))))
        # What one of these processes has compiled, the next one need not compile again.
        patch.setenv("XDG_CACHE_HOME", str(report.with_name("compiled")))
        yield


@dataclass(frozen=True)
class Bench:
    """An export, and what it writes if nothing happens to it."""

    settings: ExportSettings
    expected: dict[str, bytes]
    operations: int
    """Operations on the disk in the undisturbed run."""
    seconds: float
    """Time it took."""

    @property
    def folder(self) -> Path:
        return self.settings.population.parent

    @property
    def out(self) -> Path:
        return self.settings.output.parent

    @property
    def report(self) -> Path:
        return self.folder / "report"


def tiny_settings(folder: Path) -> ExportSettings:
    """An export of 21 particles in 9 units of 3 series."""
    project = write_tiny(folder, (("TS_1", "TS_2", "TS_3"),), particles=7, tilts=2)
    return ExportSettings(project.population, "apo1", folder / "out" / "a.star", box=8)


def run_undisturbed(settings: ExportSettings, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Run an export to its end and put its files away, so that it can be made again in the same place."""
    report = settings.population.parent / "report"
    begun = time.monotonic()
    with fault(monkeypatch, report):
        job = Job(start.launch_export(settings).folder)
        assert wait_for_end(job) == "done", read_state(job).message
        # The process writes it after the job's end.
        wait_until(lambda: report.exists() and report.read_text())
    bench = Bench(
        settings, outputs(settings.output.parent), int(report.read_text()), time.monotonic() - begun
    )
    put_away(bench)
    return bench


def put_away(bench: Bench) -> None:
    """As if the export had never been made."""
    away = bench.folder / f"away{len(list(bench.folder.glob('away*')))}"
    away.mkdir()
    if bench.out.exists():
        bench.out.rename(away / "out")
    for job in list_jobs(bench.settings.population):
        job.folder.rename(away / f"job{job.number}")


def assert_as_undisturbed(bench: Bench, job: Job) -> None:
    """The job ends well, with the bytes of the undisturbed run and nothing else."""
    assert wait_for_end(job) == "done", read_state(job).message
    assert outputs(bench.out) == bench.expected
    assert leftovers(bench.folder) == []


def outputs(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def leftovers(folder: Path) -> list[Path]:
    """Temporary files, drafts and held places, none of which may stay."""
    return [path for path in folder.rglob(".*") if path.suffix in (".tmp", ".new", ".mtui-job")]


def wait_for_end(job: Job) -> str:
    """The state that a job ends in, or ``lost``."""
    try:
        for _ in follow(job):
            pass
    except JobError:
        return "lost"
    wait_until(lambda: running(job) is None)
    return read_state(job).status


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something that has to happen."""
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def kill(job: Job) -> bool:
    """SIGKILL the process of a job; whether that is what ended it."""
    beat = running(job)
    if beat is None:
        return False
    os.kill(beat.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(beat, time.time()))
    return read_state(job).status not in ENDED


def begin_or_nothing(settings: ExportSettings) -> Job | None:
    """Start an export; None where its process ended before it could answer."""
    try:
        return Job(start.launch_export(settings).folder)
    except JobError as error:
        assert "ended before the job began" in error.message, error
        return None


def go_on(settings: ExportSettings) -> Job:
    """What a user does after a job was killed: resume it, or start again where nothing had begun."""
    jobs = list_jobs(settings.population)
    if jobs:
        # Its pipe closes a moment before it is gone.
        wait_until(lambda: running(jobs[0]) is None)
        return Job(start.resume_job(jobs[0]).folder)
    return Job(start.launch_export(settings).folder)
