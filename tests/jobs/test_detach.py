"""Jobs leave the login session; where logout kills all the same, the user's service manager takes them."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from mtui.jobs.answer import decode
from mtui.jobs.detach import NO_LINGER, NO_WAY_OUT, SCOPE, Way, find_way, start_detached
from mtui.jobs.follow import follow
from mtui.jobs.record import Job, read_state
from mtui.jobs.start import launch_export
from mtui.settings import ExportSettings, to_json
from tests.tiny import write_tiny


def stand_in(folder: Path, name: str, script: str) -> None:
    """A command of the system that does what the script says."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that are found before those of the system."""
    folder = tmp_path / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def loginctl(folder: Path, kills: str, lingers: str) -> None:
    words = f'case "$*" in *KillUserProcesses*) echo {kills};; *{os.getuid()}*Linger*) echo {lingers};; esac'
    stand_in(folder, "loginctl", words)


def systemd_run(folder: Path, tmp_path: Path) -> Path:
    """Writes down its words and becomes what follows the two dashes, as systemd-run --scope does."""
    record = tmp_path / "scopes"
    stand_in(
        folder,
        "systemd-run",
        f'echo "$@" >> {record}\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"',
    )
    return record


def test_nothing_is_needed_where_logout_kills_nothing(commands: Path) -> None:
    loginctl(commands, "no", "no")
    assert find_way() == Way()
    stand_in(commands, "loginctl", "exit 1")
    assert find_way() == Way()


def test_a_scope_where_logout_kills(commands: Path, tmp_path: Path) -> None:
    systemd_run(commands, tmp_path)
    loginctl(commands, "yes", "yes")
    assert find_way() == Way(SCOPE)
    loginctl(commands, "yes", "no")
    assert find_way() == Way(SCOPE, NO_LINGER)
    stand_in(commands, "systemd-run", "echo Failed to connect to bus >&2; exit 1")
    assert find_way() == Way(warning=NO_WAY_OUT)


def test_a_job_is_started_in_a_scope(commands: Path, tmp_path: Path) -> None:
    record = systemd_run(commands, tmp_path)
    loginctl(commands, "yes", "no")
    project = write_tiny(tmp_path / "project")
    told: list[str] = []
    settings = ExportSettings(project.population, "apo1", project.folder / "out" / "a.star", box=8)
    job = Job(launch_export(settings, told.append).folder)
    assert told == [NO_LINGER]
    scope = record.read_text().splitlines()[-1]
    assert scope == f"--user --scope --quiet --collect -- {sys.executable} -P -m mtui.jobs.worker"
    for _ in follow(job):
        pass
    assert read_state(job).status == "done"


def test_a_process_of_its_own_session_without_a_terminal() -> None:
    code = "import os, sys; print(os.getsid(0) == os.getpid(), sys.stdin.read(), sys.stdin.isatty())"
    process = start_detached(Way(), [sys.executable, "-c", code], "settings")
    out, _ = process.communicate(timeout=30)
    assert out.split() == [b"True", b"settings", b"False"]


def test_a_job_is_on_disk_before_jax_is_loaded(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    settings = ExportSettings(project.population, "apo1", tmp_path / "out" / "a.star", box=8)
    code = (
        "import sys\nfrom mtui.jobs import worker\n"
        "def end(settings):\n"
        "    print(*sys.modules, flush=True)\n"
        "    raise worker.Stopped\n"
        "worker.use_devices = end\n"
        "sys.exit(worker.main([]))\n"
    )
    process = start_detached(Way(), [sys.executable, "-P", "-c", code], to_json(settings))
    answer, _ = process.communicate(timeout=60)
    started = decode(answer.decode().splitlines())
    assert process.returncode == 130
    job = Job(started.folder)
    assert read_state(job).status == "stopped"
    assert not {"jax", "jaxlib", "mtui.engine"} & set(job.log_path.read_text().split())
