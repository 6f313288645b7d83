"""Watching a job from outside, by its files alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

from mtui.errors import JobError
from mtui.jobs.claim import running
from mtui.jobs.events import read_events
from mtui.jobs.progress import Progress, Tally, add_events, compute_progress
from mtui.jobs.record import ENDED, Job, JobState, read_state

POLL_S = 0.2
STARTING_S = 5.0
"""So long after it was created a job may have no process yet."""
LOST = "lost"


def follow(job: Job) -> Iterator[Progress]:
    """Progress of a job whenever it may have changed, until the job has ended.

    Raises:
        JobError: the job's process is gone without having said how it ended.
    """
    tally, offset = Tally(), 0
    while True:
        word = state_word(job, read_state(job), time.time())
        events, offset = read_events(job.events_path, offset)
        tally = add_events(tally, events)
        yield compute_progress(tally, time.time())
        if word in ENDED:
            return
        if word == LOST:
            raise JobError(
                f"Job {job.number} is gone: its process was killed, perhaps for want of memory."
                f"{_last_words(job)}",
                f"Its log is {job.log_path}; go on with it: mtui jobs resume {job.number}",
            )
        time.sleep(POLL_S)


def state_word(job: Job, state: JobState, now: float) -> str:
    """The recorded state, or ``lost`` where the process is gone without having said how it ended."""
    if state.status in ENDED or running(job) is not None:
        return state.status
    # It may have ended between the two looks.
    latest = read_state(job).status
    return latest if latest in ENDED or (now - state.changed < STARTING_S and latest == "queued") else LOST


def _last_words(job: Job) -> str:
    if not job.log_path.exists():
        return ""
    lines = job.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    return f" The last it said was: {lines[-1].strip()}." if lines else ""
