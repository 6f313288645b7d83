"""Forgetting a job: its record goes, what it exported stays."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from mtui.errors import JobError, MtuiError, WriteError
from mtui.formats import files
from mtui.jobs.begin import make_plan
from mtui.jobs.claim import Claim, claim_run, refuse_running
from mtui.jobs.drafts import draft_path
from mtui.jobs.leftovers import remove_leftovers
from mtui.jobs.places import hold_paths, is_held, release
from mtui.jobs.record import ENDED, Job, read_settings, read_state


def delete_job(job: Job) -> None:
    """Remove a job's folder; it vanishes from listings in one step.

    Of a job that was killed, temporary files and held places go too.

    Raises:
        JobError: the job runs.
        WriteError: the folder belongs to somebody else.
    """
    with _nobody_else(job):
        # Where the project cannot be read any more, that is no reason to keep a record of a job.
        with contextlib.suppress(MtuiError):
            if read_state(job).status not in ENDED:
                _tidy(job)
        doomed = draft_path(job.folder.parent)
        try:
            job.folder.rename(doomed)
        except FileNotFoundError:
            raise JobError(f"Job {job.number} was just deleted by somebody else.") from None
        except OSError as error:
            raise files.write_error(job.folder, error) from error
    # What cannot be removed now is hidden, and goes with the next job that is made.
    shutil.rmtree(doomed, ignore_errors=True)


@contextmanager
def _nobody_else(job: Job) -> Iterator[None]:
    """Take the job as if to go on with it, so that nobody else does meanwhile; raises JobError if it runs."""
    refuse_running(job)
    claim: Claim | None = None
    # A full disk keeps others from taking it too, and is a reason to delete jobs.
    with contextlib.suppress(WriteError):
        claim = claim_run(job)
    try:
        yield
    except MtuiError:
        if claim is not None:
            with contextlib.suppress(WriteError):
                claim.withdraw()
        raise


def _tidy(job: Job) -> None:
    """Remove what a killed process left, unless another job has its places by now."""
    plan = make_plan(read_settings(job))
    paths = hold_paths(plan)
    if all(is_held(path, job) for path in paths):
        remove_leftovers(plan, job)
        for path in paths:
            release(path, job)
