"""``mtui jobs``: what is listed, and what each action does and answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mtui.cli.here import jobs_command
from mtui.cli.main import main
from mtui.formats import files
from mtui.jobs.claim import claim_run
from mtui.jobs.events import Event, append_event
from mtui.jobs.heartbeat import host_name
from mtui.jobs.record import Job, JobState, create_job, list_jobs, read_state, write_state
from mtui.jobs.start import launch_export
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return write_tiny(tmp_path)


def settings_of(project: TinyProject) -> ExportSettings:
    return ExportSettings(project.population, "apo1", project.folder / "out" / "a.star", box=8)


def a_job(project: TinyProject, status: str, message: str = "", code: int = 0) -> Job:
    """A job that says that it ended like this."""
    job = create_job(settings_of(project), time.time())
    append_event(job.events_path, Event("started", 1000.0, particles=4, series_count=2, unit_count=2))
    append_event(job.events_path, Event("unit", 1010.0, "TS_1", 0, 2, 9.0, series_count=1))
    state = JobState(status, time.time(), "user1", "gpu07", message, "Do this.", code)  # type: ignore[arg-type]
    write_state(job, state)
    return job


def run(
    project: TinyProject, words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    code = main(["jobs", *words, "--population", str(project.population)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def answer(project: TinyProject, words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    code, out, _ = run(project, [*words, "--json"], capsys)
    assert code == 0
    result: dict[str, Any] = json.loads(out)
    return result


def test_no_jobs_is_no_error_for_a_list_and_one_for_the_rest(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, [], capsys)[:2] == (0, f"{project.population} has no jobs.\n")
    assert answer(project, ["list"], capsys)["jobs"] == []
    for action in ("follow", "log", "stop", "resume", "delete"):
        code, out, error = run(project, [action], capsys)
        assert (code, out) == (1, "")
        assert "has no jobs" in error


def test_jobs_are_listed_newest_first(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    a_job(project, "done")
    a_job(project, "stopped")
    a_job(project, "running")
    code, out, _ = run(project, ["list"], capsys)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == [
        "#",
        "Species",
        "Profile",
        "State",
        "Done",
        "Problems",
        "Left",
        "Changed",
        "STAR",
    ]
    assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    # No process runs the third.
    assert [line.split()[3] for line in lines[1:]] == ["lost", "stopped", "done"]
    assert "1/2" in lines[1] and "50%" in lines[1]
    jobs = answer(project, ["list"], capsys)["jobs"]
    assert [(job["job"], job["state"], job["particles"]) for job in jobs] == [
        (3, "lost", 2),
        (2, "stopped", 2),
        (1, "done", 2),
    ]
    assert jobs[0]["folder"] == str(project.folder / ".mtui" / "jobs" / "3")
    assert (jobs[2]["user"], jobs[2]["host"], jobs[2]["left_s"]) == ("user1", "gpu07", None)


def test_a_damaged_job_does_not_hide_the_others(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    a_job(project, "done")
    (a_job(project, "done").folder / "state.json").write_text("{")
    code, out, error = run(project, ["list"], capsys)
    assert code == 0
    assert len(out.splitlines()) == 2
    assert "Warning: job 2 cannot be read" in error


def test_the_population_is_that_of_the_folder_or_of_one_above(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_job(project, "done")
    below = project.folder / "tilts0" / "frames"
    for folder in (project.folder, below):
        monkeypatch.chdir(folder)
        assert main(["jobs", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["population"] == str(project.population)
    (project.folder / "other.population").write_text("")
    assert main(["jobs"]) == 2
    assert "several populations: other.population, tiny.population" in capsys.readouterr().err
    assert main(["jobs", "--population", str(project.folder / "no.population")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_jobs_of_both_places_are_listed(
    project: TinyProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    beside = a_job(project, "done")
    writable = files.is_writable_folder
    monkeypatch.setattr(
        files, "is_writable_folder", lambda folder: ".mtui" not in folder.parts and writable(folder)
    )
    elsewhere = a_job(project, "stopped")
    assert elsewhere.folder.is_relative_to(tmp_path / "state")
    jobs = answer(project, ["list"], capsys)["jobs"]
    assert [(job["job"], job["folder"]) for job in jobs] == [
        (2, str(elsewhere.folder)),
        (1, str(beside.folder)),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["halt"], "mtui jobs has no action halt; there are: list, follow"),
        (["follow", "x"], "invalid int value: 'x'"),
        (["list", "--nope"], "Unrecognized arguments: --nope"),
    ],
)
def test_wrong_words_are_refused(
    words: list[str], message: str, project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, error = run(project, words, capsys)
    assert (code, out) == (2, "")
    assert message in error


def test_a_number_that_is_not_there(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    a_job(project, "done")
    code, _, error = run(project, ["follow", "7"], capsys)
    assert code == 1
    assert "has no job 7; its jobs are: 1." in error


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        ("done", 0, "Wrote 4 particles.\n"),
        ("problems", 1, "Wrote 4 particles.\n"),
        ("failed", 2, ""),
        ("stopped", 130, ""),
    ],
)
def test_following_takes_the_exit_code(
    status: str, code: int, shown: str, project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    a_job(project, status, "Wrote 4 particles.", code)
    found, out, error = run(project, ["follow", "1"], capsys)
    assert (found, out) == (code, shown)
    if status == "failed":
        assert "mtui: Job 1 failed: Wrote 4 particles. Do this." in error
    if status == "stopped":
        assert "Go on with it: mtui jobs resume 1" in error


def test_commands_are_short_in_the_projects_folder(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    population = project.population
    assert jobs_command("stop", 3, population) == f"mtui jobs stop 3 --population {population}"
    monkeypatch.chdir(project.folder / "tilts0")
    assert jobs_command("stop", 3, population) == "mtui jobs stop 3"


def test_the_log_is_shown(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    job = a_job(project, "done")
    assert run(project, ["log"], capsys)[0] == 2
    job.log_path.write_bytes(b"10:00:00 started \x1b[31m\xff\n10:00:01 done\n")
    assert run(project, ["log"], capsys)[1] == "10:00:00 started ?[31m�\n10:00:01 done\n"
    assert answer(project, ["log"], capsys) == {"job": 1, "log": str(job.log_path)}


def test_deleting_forgets_the_record_and_keeps_the_files(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    job = a_job(project, "done")
    table = project.folder / "out" / "a.star"
    table.parent.mkdir()
    table.write_text("exported")
    assert answer(project, ["delete", "1"], capsys) == {"job": 1, "deleted": True}
    assert not job.folder.exists()
    assert table.read_text() == "exported"
    claim_run(a_job(project, "running"))
    code, _, error = run(project, ["delete"], capsys)
    assert code == 1
    assert f"Job 1 is running: process {os.getpid()} on {host_name()}." in error


def test_stopping_once_and_again(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = a_job(project, "running")
    assert answer(project, ["stop"], capsys) == {"job": 1, "ran": False, "ends": ""}
    claim_run(job)
    sent: list[str] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(f"{pid == os.getpid()} {number.name}"))
    assert run(project, ["stop"], capsys)[1] == "Job 1 ends after the unit in hand.\n"
    assert run(project, ["stop"], capsys)[1] == "Job 1 ends at once.\n"
    assert run(project, ["stop", "--now"], capsys)[1] == "Job 1 ends at once.\n"
    assert sent == ["True SIGTERM", "True SIGINT", "True SIGINT"]


def test_detaching_prints_the_number_and_the_job_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path, (tuple(f"TS_{number}" for number in range(30)),), particles=64, tilts=2)
    words = ["export", str(project.population), "apo1", "--box", "8"]
    assert main([*words, "--output", str(tmp_path / "out" / "a.star"), "--detach"]) == 0
    assert capsys.readouterr().out == "1\n"
    assert run(project, ["list"], capsys)[1].splitlines()[1].split()[3] == "running"
    code, _, error = run(project, ["resume"], capsys)
    assert code == 1
    assert "Job 1 is running" in error
    assert run(project, ["stop", "1"], capsys)[1] == "Job 1 ends after the unit in hand.\n"
    assert run(project, ["follow"], capsys)[0] == 130
    (job,) = list_jobs(project.population)
    assert read_state(job).status == "stopped"
    assert not (tmp_path / "out" / "a.star").exists()
    resumed = answer(project, ["resume"], capsys)
    assert (resumed["status"], resumed["particles"], resumed["job"]) == ("done", 30 * 64, 1)
    assert (tmp_path / "out" / "a.star").is_file()
    assert list(tmp_path.rglob("*.tmp")) == []


def test_a_pipe_that_breaks_does_not_end_the_job(project: TinyProject) -> None:
    job = Job(launch_export(settings_of(project)).folder)
    words = ["jobs", "follow", "--population", str(project.population)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mtui", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    process.wait(timeout=60)
    assert main(words) == 0
    assert read_state(job).status == "done"
