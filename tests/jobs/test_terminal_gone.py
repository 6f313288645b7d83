"""The terminal hangs up, the app is killed: the job does not notice."""

from __future__ import annotations

import os
import pty
import signal
import sys
from pathlib import Path

import pytest

from mtui.jobs import start
from mtui.jobs.claim import running
from mtui.jobs.heartbeat import read_heartbeat
from mtui.jobs.record import Job, list_jobs, read_settings, read_state
from mtui.jobs.units import read_units
from mtui.settings import ExportSettings
from tests.jobs.faults import leftovers, outputs, wait_for_end, wait_until
from tests.tiny import TinyProject, write_tiny
from tests.tui.pseudo_terminal import PseudoTerminal

SERIES = tuple(f"TS_{number}" for number in range(40))


def project_in(folder: Path) -> TinyProject:
    return write_tiny(folder, (SERIES,), particles=64, tilts=2)


def settings_of(project: TinyProject) -> ExportSettings:
    return ExportSettings(project.population, "apo1", project.folder / "out" / "a.star", box=8)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the export writes in peace."""
    settings = settings_of(project_in(tmp_path_factory.mktemp("peace")))
    assert wait_for_end(Job(start.launch_export(settings).folder)) == "done"
    return outputs(settings.output.parent)


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def wait_for_units(project: TinyProject) -> Job:
    """The job that was started on a terminal, when its first unit is done."""
    wait_until(lambda: list_jobs(project.population))
    (job,) = list_jobs(project.population)
    wait_until(lambda: read_units(job.units_path))
    send(job, signal.SIGSTOP)  # for it would be done before anything is looked at
    return job


def send(job: Job, number: signal.Signals) -> None:
    beat = read_heartbeat(job.heartbeat_path)
    assert beat is not None
    os.kill(beat.pid, number)


def assert_still_running(job: Job) -> None:
    assert read_state(job).status == "running"
    assert running(job) is not None
    send(job, signal.SIGCONT)


def test_a_terminal_that_hangs_up(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    project = project_in(tmp_path / "line")
    settings = settings_of(project)
    words = ["export", str(project.population), "apo1", "--box", "8", "--output", str(settings.output)]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-P", "-m", "mtui", *words], environment())
    job = wait_for_units(project)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) != 0, "the command was hung up"
    assert_still_running(job)
    assert wait_for_end(job) == "done"
    assert outputs(settings.output.parent) == undisturbed
    assert leftovers(tmp_path) == []


def test_an_app_that_is_killed(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    project = project_in(tmp_path / "screen")
    with PseudoTerminal(["-P", "-m", "mtui", str(project.population)], environment()) as terminal:
        terminal.wait_for_text("Opened tiny.population", "enter Operations")
        terminal.press("enter")
        terminal.wait_for_text("Export sub-tomograms")
        terminal.press("e")
        terminal.wait_for_text("Will write")
        terminal.press("ctrl+s")
        job = wait_for_units(project)
        os.kill(terminal.pid, signal.SIGKILL)
        assert terminal.wait_for_end() == -signal.SIGKILL
    assert_still_running(job)
    assert wait_for_end(job) == "done"
    settings = read_settings(job)
    assert (settings.species, settings.box or 8) == ("apo 1", 8)
    written = outputs(settings.output.parent)
    # The form proposes a name for the table of its own.
    written["a.star"] = written.pop(settings.output.name)
    assert written == undisturbed
    assert leftovers(tmp_path) == []
