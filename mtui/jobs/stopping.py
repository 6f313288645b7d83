"""The wish that a job ends: a signal on its own machine, or a file in its folder from any other."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from threading import Event as Flag
from typing import Literal

from mtui.errors import JobError
from mtui.jobs.claim import Claim, running
from mtui.jobs.exclusive import create_once
from mtui.jobs.heartbeat import host_name
from mtui.jobs.record import Job, user_name


@dataclass(frozen=True, slots=True)
class StopWish:
    """Whether somebody wants a run of a job to end after the units in hand."""

    claim: Claim
    flag: Flag
    """Set by the signal."""

    def is_set(self) -> bool:
        """Asked before each unit.

        Raises:
            TakenOverError: the job was resumed elsewhere, so this run must not go on.
        """
        self.claim.check()
        return self.flag.is_set() or self.claim.job.stop_path.exists()


Manner = Literal["", "after the unit in hand", "at once"]
"""How a job ends; empty where it does not run."""


def stop_job(job: Job, *, now: bool = False) -> Manner:
    """Ask a job to stop after the unit in hand; asked again, or ``now``, at once. Returns how it will end.

    Finished files stay complete either way.

    Raises:
        JobError: it shall stop at once and runs on another machine, or belongs to somebody else.
        WriteError: the job's folder belongs to somebody else.
    """
    beat = running(job)
    if beat is None:
        return ""
    now = now or job.stop_path.exists()
    is_here = beat.host == host_name()
    if now and not is_here:
        raise JobError(
            f"Job {job.number} runs on {beat.host}, not here; from here it can only stop after its unit.",
            f"To end it at once: ssh {beat.host} kill -INT {beat.pid}",
        )
    if is_here:
        with contextlib.suppress(ProcessLookupError):
            _send(job, beat.pid, signal.SIGINT if now else signal.SIGTERM)
    if not now:
        create_once(job.stop_path, f"{user_name()} on {host_name()}\n")
    return "at once" if now else "after the unit in hand"


def _send(job: Job, pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except PermissionError as error:
        raise JobError(
            f"Job {job.number} belongs to somebody else (process {pid}); only its owner can stop it."
        ) from error
