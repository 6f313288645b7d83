"""The first steps of a job's process: plan, check, take the job and its places."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from mtui.errors import ExitCode, InputError, MtuiError, WriteError
from mtui.formats.files import discard_file
from mtui.jobs.claim import Claim, claim_run, last_begun
from mtui.jobs.devices import worker_environment
from mtui.jobs.heartbeat import beating, host_name
from mtui.jobs.inputs import check_inputs
from mtui.jobs.leftovers import remove_leftovers
from mtui.jobs.places import holding
from mtui.jobs.preflight import check_replaced, check_start, prepare_folders
from mtui.jobs.record import (
    Job,
    JobState,
    create_job,
    list_jobs,
    read_settings,
    user_name,
    write_settings,
    write_state,
)
from mtui.jobs.scale.choice import check_workers, is_scaled
from mtui.jobs.specification import keep_specification
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings, from_json
from mtui.settings.export import WORKER_OPTIONS

STOPPED_EARLY = "It was stopped before it began."


@dataclass(frozen=True, slots=True)
class Begun:
    """A job that this process runs."""

    claim: Claim
    plan: ExportPlan

    @property
    def job(self) -> Job:
        """The job."""
        return self.claim.job


def begin(settings_text: str, held: ExitStack) -> Begun:
    """Check an export, make a job of it and take its places; nothing is left where it is refused.

    Raises:
        InputError: something is known to go wrong, see :func:`mtui.jobs.preflight.check_start`.
        WriteError: a folder cannot be written.
    """
    settings = from_json(ExportSettings, settings_text)
    check_workers(settings)
    plan = make_plan(settings)
    check_start(plan)
    plan = replace(plan, warnings=(*plan.warnings, *check_inputs(plan)))
    job = create_job(settings, time.time())
    try:
        claim = _enter(job, held)
        keep_specification(job, plan)
        prepare_folders(plan)
        held.enter_context(holding(plan, job, claim.is_current))
        if not settings.overwrite:
            # Between the check above and now, another export may have come and gone.
            check_replaced(plan)
    except (MtuiError, KeyboardInterrupt):
        held.close()
        shutil.rmtree(job.folder, ignore_errors=True)
        raise
    return Begun(claim, plan)


def resume(job: Job, settings_text: str, held: ExitStack) -> Begun:
    """Take a job that does not run, and its places, and clean up what its last process left.

    Of the settings given, if any, those count that say who does the work.

    Raises:
        JobError: it runs, or its particles have changed.
        InputError: its inputs cannot be read any more, another export writes to its places, or a later one
            wrote the same table.
        WriteError: a folder cannot be written.
    """
    settings = read_settings(job)
    _spare_later(job, settings)
    if settings_text:
        settings = _with_workers(settings, from_json(ExportSettings, settings_text))
    check_workers(settings)
    claim = _enter(job, held)
    try:
        if settings_text:
            write_settings(job, settings)
        plan = make_plan(settings)
        keep_specification(job, plan)
        prepare_folders(plan)
        held.enter_context(holding(plan, job, claim.is_current))
        remove_leftovers(plan, job)
    except (MtuiError, KeyboardInterrupt) as error:
        # Why it cannot go on has to be told, also where the disk is full.
        with contextlib.suppress(WriteError):
            write_state(job, _ended_by(error))
        raise
    return Begun(claim, plan)


def _spare_later(job: Job, settings: ExportSettings) -> None:
    """What is not as the job left it is made again, but not where that is somebody's later export."""
    begun = last_begun(job)
    for other in list_jobs(settings.population):
        # This job begins anew where somebody else resumes it at this moment; the claim decides who does.
        if other.number != job.number and last_begun(other) > begun and _output(other) == settings.output:
            raise InputError(
                f"Job {other.number} has since written to {settings.output}, which this one would replace.",
                "Export anew, to another place or with --overwrite; or delete that job first.",
            )


def _output(job: Job) -> Path | None:
    try:
        return read_settings(job).output
    except MtuiError:
        return None


def _ended_by(error: MtuiError | KeyboardInterrupt) -> JobState:
    now, user, host = time.time(), user_name(), host_name()
    if isinstance(error, KeyboardInterrupt):
        return JobState("stopped", now, user, host, STOPPED_EARLY, exit_code=ExitCode.INTERRUPTED)
    return JobState("failed", now, user, host, error.message, error.hint, error.exit_code)


def _with_workers(settings: ExportSettings, other: ExportSettings) -> ExportSettings:
    return replace(settings, **{name: getattr(other, name) for name in WORKER_OPTIONS})


def make_plan(settings: ExportSettings) -> ExportPlan:
    """The plan of an export; raises as `plan_export`."""
    return plan_export(load_population(settings.population, strict=False), settings)


def _enter(job: Job, held: ExitStack) -> Claim:
    claim = claim_run(job)
    discard_file(job.stop_path)
    held.enter_context(beating(job.heartbeat_path, claim.is_current))
    write_state(job, JobState("running", time.time(), user_name(), host_name()))
    return claim


def use_devices(settings: ExportSettings) -> None:
    """Let this process see only the devices it may use; before JAX is loaded. Workers get their own."""
    if is_scaled(settings):
        return
    os.environ.update(worker_environment(settings.gpus))
