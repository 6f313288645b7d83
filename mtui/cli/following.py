"""Watching a job from the command line: progress on stderr, the end as exit code.

The job is a process of its own. What ends the watching, Ctrl-C or a lost connection, does not end the job.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.here import jobs_command
from mtui.errors import ExitCode, JobError

if TYPE_CHECKING:
    from mtui.jobs.answer import Started
    from mtui.jobs.progress import Progress
    from mtui.jobs.record import Job, JobState


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command that started a job goes on."""

    detach: bool
    """Return at once."""
    as_json: bool


def add_manner(parser: argparse.ArgumentParser) -> None:
    """The flag that lets a command return as soon as its job runs."""
    parser.add_argument(
        "--detach", action="store_true", help="Print the job's number and return; the job goes on by itself."
    )


def after_start(started: Started, manner: Manner) -> int:
    """Say which job was started, and follow it unless it shall run by itself."""
    from mtui.jobs.estimate import estimate_text
    from mtui.jobs.record import Job

    job = Job(started.folder)
    for warning in started.warnings:
        output.write_note(f"Warning: {warning}")
    if started.estimate_s is not None:
        output.write_note(f"It will take {estimate_text(started.estimate_s)}.")
    if not manner.detach:
        return follow_job(job, as_json=manner.as_json, told=started.warnings)
    output.write_note(f"Job {job.number} runs in {job.folder}")
    if manner.as_json:
        output.write_json({"job": job.number, "folder": str(job.folder)})
    else:
        output.write_line(str(job.number))
    return ExitCode.COMPLETE


def follow_job(job: Job, *, as_json: bool, told: tuple[str, ...] = ()) -> int:
    """Show a job's progress until it ends, say how it ended, and return its exit code.

    ``told`` are warnings that were shown already.

    Raises:
        JobError: the job failed, was stopped, or is gone.
        KeyboardInterrupt: after saying that the job goes on.
    """
    from mtui.jobs.record import read_state

    output.write_note(f"Job {job.number}: {job.folder}")
    try:
        progress = _watch(job)
    except KeyboardInterrupt:
        output.write_note(
            f"Job {job.number} goes on. Watch it: {_command('follow', job)} Stop it: {_command('stop', job)}"
        )
        raise
    state = read_state(job)
    for warning in progress.warnings:
        if warning not in told:
            output.write_note(f"Warning: {warning}")
    if state.status in ("failed", "stopped"):
        raise _failure(job, state)
    if as_json:
        output.write_json(_result(job, state, progress))
    else:
        output.write_line(state.message)
    if state.status == "problems" and progress.problems:
        output.write_note(f"Try only what was skipped again: {_command('resume', job)}")
    return state.exit_code


def _watch(job: Job) -> Progress:
    """Show the job's progress until it ends."""
    from mtui.jobs.follow import follow
    from mtui.jobs.progress import Tally, compute_progress, progress_text

    line = output.StatusLine()
    told = 0
    progress = compute_progress(Tally(), 0.0)
    try:
        for progress in follow(job):
            for problem in progress.problems[told:]:
                line.leave()
                output.write_note(f"{problem.series} is skipped: {problem.text}")
            told = len(progress.problems)
            line.show(progress_text(progress))
    finally:
        line.leave()
    return progress


def _command(action: str, job: Job) -> str:
    from mtui.jobs.record import read_settings

    return jobs_command(action, job.number, read_settings(job).population)


def _failure(job: Job, state: JobState) -> JobError:
    hint = state.hint
    if state.status == "stopped":
        hint = f"Go on with it: {_command('resume', job)}"
    error = JobError(f"Job {job.number} {state.status}: {state.message}", hint)
    error.exit_code = ExitCode(state.exit_code or ExitCode.FAILED)
    return error


def _result(job: Job, state: JobState, progress: Progress) -> dict[str, output.Json]:
    from mtui.jobs.record import read_settings

    return {
        "status": state.status,
        "star": str(read_settings(job).output),
        "particles": state.particles,
        "left_out": state.left_out,
        "series": progress.total_series - len(progress.problems),
        "problems": [
            {"series": event.series, "particles": event.particles, "reason": event.text}
            for event in progress.problems
        ],
        "warnings": list(progress.warnings),
        "seconds": round(progress.elapsed_s, 1),
        "job": job.number,
        "folder": str(job.folder),
    }
