"""Several people or commands at once: one wins, the others are told, nothing is mixed."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag

import pytest

from mtui.errors import InputError, JobError, MtuiError, WriteError
from mtui.jobs import begin, claim, deleting, detach, heartbeat, start
from mtui.jobs.answer import decode
from mtui.jobs.claim import claim_run, last_run, running
from mtui.jobs.deleting import delete_job
from mtui.jobs.drafts import draft_path, remove_drafts
from mtui.jobs.events import read_events
from mtui.jobs.follow import state_word
from mtui.jobs.heartbeat import Heartbeat, beating
from mtui.jobs.record import Job, JobState, create_job, list_jobs, read_state, write_state
from mtui.jobs.units import read_units
from mtui.settings import to_json
from tests.jobs.faults import (
    Bench,
    assert_as_undisturbed,
    fault,
    leftovers,
    outputs,
    put_away,
    run_undisturbed,
    tiny_settings,
    wait_for_end,
)

AT_ONCE = 4


def at_once(act: Callable[[], Job]) -> tuple[list[Job], list[MtuiError]]:
    """Several do the same at the same time; the jobs of those who could, and what the others were told."""

    def attempt(_number: int) -> Job | MtuiError:
        try:
            return act()
        except MtuiError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(attempt, range(AT_ONCE)))
    return [answer for answer in answers if isinstance(answer, Job)], [
        answer for answer in answers if isinstance(answer, MtuiError)
    ]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return run_undisturbed(tiny_settings(tmp_path), monkeypatch)


def test_exports_and_resumes_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault(monkeypatch, bench.report):
        jobs, refusals = at_once(lambda: Job(start.launch_export(bench.settings).folder))
        assert len(jobs) == 1
        told = "is being written by another export|was just taken|would be replaced"
        assert [str(error) for error in refusals if not re.search(told, error.message)] == []
        assert list_jobs(bench.settings.population) == tuple(jobs), "refused exports leave no job"
        assert_as_undisturbed(bench, jobs[0])
    put_away(bench)
    with fault(monkeypatch, bench.report, at=bench.operations // 2):
        job = Job(start.launch_export(bench.settings).folder)
        assert wait_for_end(job) == "lost"
    with fault(monkeypatch, bench.report):
        jobs, refusals = at_once(lambda: Job(start.resume_job(job).folder))
        assert jobs == [job]
        told = "is running|was just resumed"
        assert [str(error) for error in refusals if not re.search(told, error.message)] == []
        assert_as_undisturbed(bench, job)
    assert last_run(job) == 2


@pytest.mark.full
def test_overwriting_exports_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(bench.settings, overwrite=True)
    with fault(monkeypatch, bench.report):
        jobs, _ = at_once(lambda: Job(start.launch_export(settings).folder))
        assert jobs
        assert {wait_for_end(job) for job in jobs} == {"done"}
    assert outputs(bench.out) == bench.expected
    assert leftovers(bench.folder) == []


def new_job(folder: Path) -> Job:
    return create_job(tiny_settings(folder), time.time())


def test_a_run_that_was_taken_over_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = new_job(tmp_path)
    first = claim_run(job)
    first.check()
    with pytest.raises(JobError, match=rf"Job 1 is running: process {os.getpid()} on"):
        claim_run(job)
    # Its machine falls silent, so somebody elsewhere goes on; then it wakes up.
    monkeypatch.setattr(claim, "is_alive", lambda beat, now: False)
    assert claim_run(job).number == 2
    with pytest.raises(JobError, match="Job 1 was resumed elsewhere; this run of it ends"):
        first.check()
    assert leftovers(job.folder) == []


def test_the_slower_of_two_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = new_job(tmp_path)
    refuse = claim.refuse_running

    def let_another_in(job: Job) -> None:
        refuse(job)
        monkeypatch.setattr(claim, "refuse_running", refuse)
        claim_run(job)

    monkeypatch.setattr(claim, "refuse_running", let_another_in)
    with pytest.raises(JobError, match="Job 1 was just resumed by somebody else"):
        claim_run(job)
    assert last_run(job) == 1


def test_who_resumes_at_the_same_time_is_no_later_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job(tmp_path)

    def resume_now(population: Path) -> tuple[Job, ...]:
        claim_run(job)
        return list_jobs(population)

    monkeypatch.setattr(begin, "list_jobs", resume_now)
    with pytest.raises(JobError, match="Job 1 is running"), ExitStack() as held:
        begin.resume(job, "", held)
    assert last_run(job) == 1


def test_a_job_that_runs_is_not_deleted(tmp_path: Path) -> None:
    job = new_job(tmp_path)
    claim_run(job)
    with pytest.raises(JobError, match="Job 1 is running"):
        delete_job(job)
    write_state(job, JobState("done", time.time() + 1))
    assert running(job) is None
    delete_job(job)
    assert list_jobs(tmp_path / "tiny.population") == ()
    assert list((tmp_path / ".mtui" / "jobs").iterdir()) == []
    with pytest.raises(JobError, match="cannot be read"):
        read_state(job)


def test_who_deletes_a_job_keeps_others_from_resuming_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job(tmp_path)
    refusals: list[MtuiError] = []

    def resume_now(job: Job) -> None:
        with pytest.raises(JobError) as caught:
            claim_run(job)
        refusals.append(caught.value)

    monkeypatch.setattr(deleting, "_tidy", resume_now)
    with monkeypatch.context() as patch:
        patch.setattr(deleting, "draft_path", lambda parent: parent / "no such folder" / "draft")
        with pytest.raises(JobError, match="deleted by somebody else"):
            delete_job(job)
    assert last_run(job) == 0 and running(job) is None, "it can be resumed"
    delete_job(job)
    assert [error.message.partition(":")[0] for error in refusals] == ["Job 1 is running"] * 2
    with pytest.raises(WriteError, match="No such file"):
        claim_run(job)
    assert not job.folder.exists(), "it does not come back"


def test_an_earlier_job_does_not_replace_what_a_later_one_wrote(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault(monkeypatch, bench.report, at=bench.operations // 2):
        first = Job(start.launch_export(bench.settings).folder)
        assert wait_for_end(first) == "lost"
    with fault(monkeypatch, bench.report):
        second = Job(start.launch_export(replace(bench.settings, overwrite=True, box=12)).folder)
        assert wait_for_end(second) == "done"
        written = outputs(bench.out)
        before = read_state(first)
        with pytest.raises(InputError, match=rf"Job {second.number} has since written to .*a\.star"):
            start.resume_job(first)
        assert read_state(first) == before and last_run(first) == 1
        assert outputs(bench.out) == written != bench.expected
        delete_job(second)
        start.resume_job(first)
        assert_as_undisturbed(bench, first)


TAKEN_OVER = """
import sys
from mtui.jobs import worker
from mtui.jobs.record import JobState

def take_over(begun):
    answer(begun)
    worker.write_state(begun.job, JobState("running", 5e9, "user2"))
    (begun.plan.output.parent / ".a.star.77.01234567.tmp").touch()
    (begun.job.folder / "runs" / "2.json").touch()

answer, worker._answer = worker._answer, take_over
sys.exit(worker.main([]))
"""


def test_a_run_that_was_taken_over_leaves_everything_to_the_other(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    command = [sys.executable, "-P", "-c", TAKEN_OVER]
    answer, _ = detach.start_detached(detach.Way(), command, to_json(settings)).communicate(timeout=60)
    job = Job(decode(answer.decode().splitlines()).folder)
    assert "was resumed elsewhere" not in job.log_path.read_text()
    assert (read_state(job).status, read_state(job).user) == ("running", "user2")
    assert (settings.output.parent / ".a.star.77.01234567.tmp").exists()
    assert (settings.output.parent / ".a.star.mtui-job").read_text() == str(job.folder)
    assert not read_units(job.units_path)
    assert "ended" not in [event.kind for event in read_events(job.events_path)[0]]


def test_a_run_that_was_taken_over_falls_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.01)
    path, asked = tmp_path / "heartbeat.json", Flag()

    def is_current() -> bool:
        asked.set()
        return False

    with beating(path, is_current):
        path.write_text("the other's")
        assert asked.wait(10)
    assert path.read_text() == "the other's"


def test_a_job_on_another_machine_is_known_by_its_signs_of_life(tmp_path: Path) -> None:
    job = new_job(tmp_path)
    now = time.time()
    run = job.folder / "runs" / "1.json"
    run.parent.mkdir()

    def says(path: Path, at: float) -> None:
        path.write_text(json.dumps(dataclasses.asdict(Heartbeat("gpu07", 4711, 5.0, at))))

    says(run, now - 3000)
    write_state(job, JobState("running", now - 3000, "user1", "gpu07"))
    says(job.heartbeat_path, now - 20)
    assert state_word(job, read_state(job), now) == "running"
    with pytest.raises(JobError, match="Job 1 is running: process 4711 on gpu07"):
        claim_run(job)
    says(job.heartbeat_path, now - 90)
    assert state_word(job, read_state(job), now) == "lost"
    assert claim_run(job).number == 2


def test_deleting_a_killed_job_leaves_nothing_of_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault(monkeypatch, bench.report, at=bench.operations // 2):
        job = Job(start.launch_export(bench.settings).folder)
        assert wait_for_end(job) == "lost"
    assert leftovers(bench.out)
    images = {path for path in bench.out.rglob("*.mrc") if not path.name.startswith(".")}
    delete_job(job)
    assert leftovers(bench.folder) == []
    assert set(bench.out.rglob("*.mrc")) == images, "what was exported stays"


def test_drafts_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    mine = draft_path(tmp_path)
    host, pid, start_time, word, _ = mine.name[1:].rsplit(".", 4)
    gone = tmp_path / f".{host}.{pid}.{int(start_time) + 1}.{word}.new"
    elsewhere = tmp_path / f".node17.{pid}.5.{word}.new"
    for path in (mine, gone, elsewhere):
        path.mkdir()
    remove_drafts(tmp_path, time.time())
    assert sorted(tmp_path.iterdir()) == sorted([mine, elsewhere])
    remove_drafts(tmp_path, time.time() + 2 * 3600)
    assert list(tmp_path.iterdir()) == [mine]
