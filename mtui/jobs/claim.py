"""Which process runs a job: each run takes the next number, and only one process can take it.

A run is a file ``runs/<number>.json`` with host, process and start time, complete from the moment it can be
seen. Files of runs that did something stay while the job exists, so of two people who press resume at once
exactly one gets the next number, also between machines that share the folder.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from mtui.errors import JobError
from mtui.formats import files
from mtui.jobs.exclusive import create_once
from mtui.jobs.heartbeat import Heartbeat, host_name, is_alive, process_start, read_heartbeat
from mtui.jobs.record import ENDED, Job, read_state


class TakenOverError(JobError):
    """Another process runs the job by now: its files, places and state are that one's."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run of a job by this process."""

    job: Job
    number: int
    """1 for the first run."""

    def is_current(self) -> bool:
        """Whether nobody has taken over, as happens when this machine seemed dead for a minute."""
        return not _run_path(self.job, self.number + 1).exists()

    def check(self) -> None:
        """Raise TakenOverError if there is a later run."""
        if not self.is_current():
            raise TakenOverError(f"Job {self.job.number} was resumed elsewhere; this run of it ends.")

    def withdraw(self) -> None:
        """As if this run had never been; only for one that did nothing. Raises WriteError."""
        files.discard_file(_run_path(self.job, self.number))


def claim_run(job: Job) -> Claim:
    """Take the next run of a job.

    Raises:
        JobError: the job is running, or somebody else was faster.
        WriteError: the job's folder cannot be written.
    """
    number = last_run(job)
    refuse_running(job)
    path = _run_path(job, number + 1)
    try:
        # Not the folder above it: a job that is just being deleted must not come back as an empty one.
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise files.write_error(path, error) from error
    pid = os.getpid()
    beat = Heartbeat(host_name(), pid, process_start(pid), time.time())
    if not create_once(path, json.dumps(dataclasses.asdict(beat))):
        raise JobError(
            f"Job {job.number} was just resumed by somebody else.", f"Watch it: mtui jobs follow {job.number}"
        )
    return Claim(job, number + 1)


def last_run(job: Job) -> int:
    """Number of the last run; 0 if the job never ran."""
    folder = _run_path(job, 1).parent
    if not folder.is_dir():
        return 0
    return max((int(path.stem) for path in folder.glob("*.json") if path.stem.isdecimal()), default=0)


def last_begun(job: Job) -> float:
    """When a job's last run began, seconds since 1970; 0 if it never ran."""
    run = read_heartbeat(_run_path(job, last_run(job)))
    return run.time if run is not None else 0.0


def running(job: Job) -> Heartbeat | None:
    """The process that runs a job, as far as can be told from this machine; None if it does not run."""
    number = last_run(job)
    run = read_heartbeat(_run_path(job, number)) if number else None
    if run is None:
        return None
    state = read_state(job)
    if state.status in ENDED and state.changed >= run.time:
        return None
    beat = read_heartbeat(job.heartbeat_path)
    if beat is not None and (beat.host, beat.pid) == (run.host, run.pid) and beat.time > run.time:
        run = beat
    return run if is_alive(run, time.time()) else None


def refuse_running(job: Job) -> None:
    """Raise JobError if a job runs."""
    beat = running(job)
    if beat is not None:
        raise JobError(
            f"Job {job.number} is running: process {beat.pid} on {beat.host}.",
            f"Watch it: mtui jobs follow {job.number}",
        )


def _run_path(job: Job, number: int) -> Path:
    return job.folder / "runs" / f"{number}.json"
