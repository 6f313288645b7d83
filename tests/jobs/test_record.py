"""A job is a folder that appears complete and can be read by others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtui.errors import JobError, WriteError
from mtui.formats import files
from mtui.jobs.heartbeat import (
    LOST_AFTER_S,
    Heartbeat,
    beating,
    host_name,
    is_alive,
    process_start,
    read_heartbeat,
    write_heartbeat,
)
from mtui.jobs.record import (
    Job,
    JobState,
    create_job,
    list_jobs,
    read_settings,
    read_state,
    write_state,
)
from mtui.settings import ExportSettings


def settings_in(folder: Path) -> ExportSettings:
    return ExportSettings(folder / "a b.population", "apo", folder / "out.star", shift=(1.0, -2.5, 0.0))


def test_jobs_are_numbered_and_come_back(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first, second = create_job(settings, 5.0), create_job(settings, 6.0)
    assert first.folder == tmp_path / ".mtui" / "jobs" / "1"
    assert list_jobs(settings.population) == (second, first)
    assert read_settings(first) == settings
    state = read_state(first)
    assert (state.status, state.changed, state.host) == ("queued", 5.0, host_name())
    command = (first.folder / "command.sh").read_text().splitlines()[1]
    assert command.startswith(f"mtui export '{tmp_path}/a b.population' apo --output")
    assert command.endswith("--shift 1 -2.5 0")
    write_state(first, JobState("done", 7.0, message="Wrote 5 particles."))
    assert read_state(first).message == "Wrote 5 particles."


def test_others_may_read_a_job(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        job = create_job(settings_in(tmp_path), 5.0)
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (job.folder, *job.folder.iterdir()))


def test_a_number_in_use_is_left_alone(tmp_path: Path) -> None:
    taken = tmp_path / ".mtui" / "jobs" / "7"
    taken.mkdir(parents=True)
    (taken / "log.txt").write_text("somebody else's")
    assert create_job(settings_in(tmp_path), 5.0).number == 8


def test_jobs_live_in_the_users_folder_where_the_populations_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, state = tmp_path / "closed", tmp_path / "state"
    closed.mkdir()
    writable = files.is_writable_folder
    monkeypatch.setattr(
        files, "is_writable_folder", lambda folder: closed not in folder.parents and writable(folder)
    )
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    settings = settings_in(closed)
    job = create_job(settings, 5.0)
    assert state / "mtui" / "jobs" in job.folder.parents
    assert list_jobs(settings.population) == (job,)
    assert not (closed / ".mtui").exists()


def test_nothing_stays_where_a_job_could_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    faults = []

    def full(stream: object, chunk: object) -> None:
        faults.append(chunk)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "append_chunk", full)
    with pytest.raises(WriteError, match="No space left on device"):
        create_job(settings, 5.0)
    assert faults
    assert list((tmp_path / ".mtui" / "jobs").iterdir()) == []


def test_no_job_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"state\.json cannot be read"):
        read_state(Job(tmp_path / "4"))


def test_a_process_is_known_by_its_start_time(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    assert not is_alive(read_heartbeat(path), time.time())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        write_heartbeat(path, process.pid, time.time())
        beat = read_heartbeat(path)
        assert beat is not None
        assert is_alive(beat, time.time())
        other = Heartbeat(beat.host, beat.pid, beat.process_start + 1, beat.time)
        assert not is_alive(other, time.time())
        process.kill()
        deadline = time.monotonic() + 10
        while process_start(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        # The process has ended but nobody has waited for it yet: it must not pass for alive.
        assert not is_alive(beat, time.time())


def test_a_job_on_another_host_is_lost_when_it_is_silent() -> None:
    beat = Heartbeat("somewhere-else", 1, 1.0, 1000.0)
    assert is_alive(beat, 1000.0 + LOST_AFTER_S - 1)
    assert not is_alive(beat, 1000.0 + LOST_AFTER_S + 1)


def test_this_process_beats(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    with beating(path):
        beat = read_heartbeat(path)
    assert beat is not None
    assert beat.pid == os.getpid()
