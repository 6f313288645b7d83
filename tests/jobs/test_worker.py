"""The process of a job says how it ended, whatever is in its way."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest

from mtui import errors
from mtui.errors import FormatError, JobError, MtuiError, WriteError
from mtui.jobs import begin, worker
from mtui.jobs.answer import MARK, decode
from mtui.jobs.record import JobState, create_job, list_jobs, read_state
from mtui.settings import to_json
from tests.jobs.faults import leftovers, tiny_settings


class FullDisk(StringIO):
    """A log without room."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_the_end_is_recorded_where_log_and_events_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = create_job(tiny_settings(tmp_path), time.time())
    state = JobState("failed", time.time(), message="The disk is full.")
    job.events_path.mkdir()  # cannot be appended to
    monkeypatch.setattr(sys, "stdout", FullDisk())
    worker._record_end(job, state)
    assert read_state(job) == state


def interrupt(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_job_that_is_stopped_before_it_began_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tiny_settings(tmp_path)
    with monkeypatch.context() as patch, ExitStack() as held:
        patch.setattr(begin, "check_replaced", interrupt)
        with pytest.raises(JobError, match="stopped before it began") as caught:
            worker._begin([], to_json(settings), held)
        assert caught.value.exit_code == 130
    assert list_jobs(settings.population) == ()
    assert leftovers(tmp_path) == []


def test_a_job_that_is_stopped_while_it_goes_on_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = create_job(tiny_settings(tmp_path), time.time())
    with monkeypatch.context() as patch, ExitStack() as held:
        patch.setattr(begin, "remove_leftovers", interrupt)
        with pytest.raises(JobError, match="stopped before it began"):
            worker._begin([str(job.folder)], "", held)
    assert (read_state(job).status, read_state(job).exit_code) == ("stopped", 130)
    assert leftovers(tmp_path) == []


def test_the_reason_is_told_where_it_cannot_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = create_job(tiny_settings(tmp_path), time.time())

    def refuse(*_arguments: object) -> None:
        monkeypatch.setattr(begin, "write_state", full)
        raise FormatError("The species cannot be read.")

    def full(*_arguments: object) -> None:
        raise WriteError("The disk is full.")

    monkeypatch.setattr(begin, "make_plan", refuse)
    with ExitStack() as held, pytest.raises(FormatError, match="The species cannot be read"):
        worker._begin([str(job.folder)], "", held)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("FormatError", FormatError), ("ExitCode", JobError), ("annotations", JobError), ("Later", JobError)],
)
def test_an_answer_becomes_the_error_that_it_tells_of(kind: str, expected: type[MtuiError]) -> None:
    line = MARK + json.dumps({"error": [kind, "What happened.", "What to do.", 2]})
    with pytest.raises(MtuiError) as caught:
        decode(["a library's words", line])
    assert type(caught.value) is expected
    told = (caught.value.message, caught.value.hint, caught.value.exit_code)
    assert told == ("What happened.", "What to do.", errors.ExitCode.REFUSED)
