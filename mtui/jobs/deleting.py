"""Forgetting a job: its record goes, what it exported stays."""

from __future__ import annotations

import os
import shutil

from mtui.errors import JobError
from mtui.formats import files
from mtui.jobs.claim import refuse_running
from mtui.jobs.record import Job


def delete_job(job: Job) -> None:
    """Remove a job's folder; it vanishes from listings in one step.

    Raises:
        JobError: the job runs.
        WriteError: the folder belongs to somebody else.
    """
    refuse_running(job)
    doomed = job.folder.with_name(f".{job.number}.{os.getpid()}.new")
    try:
        job.folder.rename(doomed)
    except FileNotFoundError:
        raise JobError(f"Job {job.number} was just deleted by somebody else.") from None
    except OSError as error:
        raise files.write_error(job.folder, error) from error
    # What cannot be removed now is hidden, and goes with the next job that is made.
    shutil.rmtree(doomed, ignore_errors=True)
