"""``mtui export`` from the first word to the last byte, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtui.cli.main import main
from mtui.formats.star import read_star
from mtui.jobs.heartbeat import is_alive, process_start, read_heartbeat
from mtui.jobs.record import Job, list_jobs, read_settings, read_state
from mtui.jobs.units import is_complete, read_units
from tests.tiny import TinyProject, write_tiny


def words(project: TinyProject, *more: str) -> list[str]:
    output = str(project.folder / "out" / "a.star")
    return ["export", str(project.population), "apo1", "--box", "8", "--output", output, *more]


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_an_export_ends_with_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path, homeless=1)
    assert main(words(project, "--json")) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert (result["status"], result["particles"], result["series"], result["left_out"]) == ("done", 3, 1, 1)
    assert result["problems"] == []
    assert any("1 particles are left out" in text for text in result["warnings"])
    table = read_star(Path(result["star"]))[""]
    assert all((tmp_path / "out" / name).is_file() for name in table.texts("rlnImageName"))
    assert "Job 1:" in shown.err and "Warning: Raw movies are gone" in shown.err
    job = list_jobs(project.population)[0]
    assert str(job.folder) == result["folder"]
    assert read_settings(job).output.is_absolute()
    assert (job.folder / "command.sh").read_text().startswith("#!/bin/sh\nmtui export ")
    # A second export into the same place is refused, and made if wanted.
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*") if path.is_file()}
    assert main(words(project)) == 2
    assert "8 files of another export would be replaced" in capsys.readouterr().err
    assert main(words(project, "--overwrite")) == 0
    assert capsys.readouterr().out == f"Wrote 3 particles of 1 series to {tmp_path}/out/a.star.\n"
    assert {path: path.read_bytes() for path in before} == before


def test_a_skipped_series_gives_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),))
    project.average("TS_1").unlink()
    assert main(words(project, "--json")) == 1
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert (result["status"], result["particles"], result["series"]) == ("problems", 3, 1)
    assert [(entry["series"], entry["particles"]) for entry in result["problems"]] == [("TS_1", 3)]
    assert "TS_1 is skipped" in shown.err and "TS_1_0.mrc" in shown.err


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),))
    before = files_below(tmp_path)
    assert main(words(project, "--dry-run")) == 0
    shown = capsys.readouterr().out
    assert "6 particles of 2 series" in shown
    assert "Super-box  16 px" in shown
    assert "Work       2 units of at most 64 particles" in shown
    assert "Files      15, " in shown
    assert main(words(project, "--dry-run", "--json")) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["particles"], plan["files"], plan["units"]) == (6, 15, 2)
    assert [(series["name"], series["super_box"]) for series in plan["series"]] == [
        ("TS_1.tomostar", 16),
        ("TS_2.tomostar", 16),
    ]
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--gpus", "97"], "GPU 97 does not exist"),
        (["--box", "9"], "Box: 9 px must be even. Correct --box."),
        (["--box", "0"], "Box: 0 px is below the smallest value"),
        (["--angpix", "-2.5e-3"], "Scaled to: -0.0025 Å/px is below the smallest value"),
        (["--angpix", "nan"], "NaN is not a number"),
        (["--angpix", "5"], "is below that of the averages, 10.0000 Å in source 'source0'"),
        (["--remap", "/old"], "'/old' is not of the form OLD=NEW"),
        (["--images-dir", "/a b"], "has a blank in it"),
    ],
)
def test_what_cannot_be_is_refused(
    more: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path)
    before = files_below(tmp_path)
    for dry in ([], ["--dry-run"]):
        assert main(words(project, *more, *dry)) == 2
        shown = capsys.readouterr()
        assert message in shown.err
        assert shown.out == ""
    assert files_below(tmp_path) == before


@contextmanager
def in_a_terminal(words: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The program as a terminal starts it; what runs the tests may have been told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        command = [sys.executable, "-P", "-m", "mtui", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        yield process


def wait_for_units(job: Job, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not read_units(job.units_path):
        assert process.poll() is None and time.monotonic() < deadline, job.log_path.read_text()
        time.sleep(0.01)


def wait_until_gone(job: Job) -> None:
    deadline = time.monotonic() + 30
    while is_alive(read_heartbeat(job.heartbeat_path), time.time()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ctrl_c_ends_the_following_and_not_the_job(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (tuple(f"TS_{number}" for number in range(40)),), particles=64, tilts=2)
    with in_a_terminal(words(project)) as process:
        deadline = time.monotonic() + 60
        while not list_jobs(project.population) and time.monotonic() < deadline:
            time.sleep(0.01)
        job = list_jobs(project.population)[0]
        wait_for_units(job, process)
        beat = read_heartbeat(job.heartbeat_path)
        assert beat is not None
        os.kill(beat.pid, signal.SIGSTOP)  # for it would be done before anything is looked at
        os.kill(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    place = f"--population {project.population}"
    assert f"Job 1 goes on. Watch it: mtui jobs follow 1 {place} Stop it: mtui jobs stop 1 {place}" in error
    assert read_state(job).status == "running"
    assert main(["jobs", "stop", "--now", "--population", str(project.population)]) == 0
    os.kill(beat.pid, signal.SIGCONT)
    assert main(["jobs", "follow", "--population", str(project.population)]) == 130
    state = read_state(job)
    assert (state.status, state.exit_code) == ("stopped", 130)
    wait_until_gone(job)
    assert not list(tmp_path.rglob("*.tmp"))
    assert not (tmp_path / "out" / "a.star").exists()
    assert all(is_complete(record) for record in read_units(job.units_path).values())


def test_ctrl_c_before_the_job_has_begun_ends_it(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    project.population.unlink()
    os.mkfifo(project.population)  # whoever reads it waits
    with in_a_terminal(words(project)) as process:
        deadline = time.monotonic() + 60
        while not (job_process := listening_child(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert (process.returncode, out, error) == (130, "", "mtui: Interrupted.\n")
    while process_start(job_process) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert job_process and not process_start(job_process)
    assert files_below(tmp_path / ".mtui") == set()


def listening_child(parent: int) -> int:
    """The child of a process that handles SIGTERM, as that of a job does; 0 while there is none."""
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(line.split(":\t", 1) for line in path.read_text().splitlines())
            handled = int(fields["SigCgt"], 16)
            if int(fields["PPid"]) == parent and handled & (1 << (signal.SIGTERM - 1)):
                return int(path.parent.name)
    return 0


def test_a_killed_job_is_reported(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (tuple(f"TS_{number}" for number in range(40)),), particles=64, tilts=2)
    command = [sys.executable, "-P", "-m", "mtui", *words(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not list_jobs(project.population) and time.monotonic() < deadline:
            time.sleep(0.01)
        job = list_jobs(project.population)[0]
        wait_for_units(job, process)
        beat = read_heartbeat(job.heartbeat_path)
        assert beat is not None
        os.kill(beat.pid, signal.SIGKILL)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "mtui: Job 1 is gone: its process was killed" in error
    assert str(job.log_path) in error
