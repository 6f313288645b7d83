"""The wish that a job ends: a signal on its own machine, or a file in its folder from any other."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from threading import Event as Flag

from mtui.errors import JobError
from mtui.formats import files
from mtui.jobs.claim import Claim, running
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
            JobError: the job was resumed elsewhere, so this run must not go on.
        """
        self.claim.check()
        return self.flag.is_set() or self.claim.job.stop_path.exists()


def stop_job(job: Job, *, now: bool = False) -> bool:
    """Ask a job to stop after the unit in hand, or at once; finished files stay complete either way.

    Returns whether it ran.

    Raises:
        JobError: it shall stop at once and runs on another machine.
        WriteError: the job belongs to somebody else.
    """
    beat = running(job)
    if beat is None:
        return False
    if beat.host == host_name():
        with contextlib.suppress(ProcessLookupError):
            _send(job, beat.pid, signal.SIGINT if now else signal.SIGTERM)
    elif now:
        raise JobError(
            f"Job {job.number} runs on {beat.host}, not here; from here it can only stop after its unit.",
            f"To end it at once: ssh {beat.host} kill -INT {beat.pid}",
        )
    else:
        files.write_text(job.stop_path, f"{user_name()} on {host_name()}\n")
    return True


def _send(job: Job, pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except PermissionError as error:
        raise JobError(
            f"Job {job.number} belongs to somebody else (process {pid}); only its owner can stop it."
        ) from error
