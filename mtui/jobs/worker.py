"""The process of a job: ``python -m mtui.jobs.worker`` with settings on stdin, or the FOLDER of a job.

It answers on stdout with one line, that the job runs or why it does not (`mtui.jobs.answer`). From then on it
has no terminal and no pipe, reports through the job's folder only, and says how it ended in its state.
SIGTERM ends it after the unit in hand, SIGTERM again or SIGINT at once; files are complete either way.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from types import FrameType

from mtui.errors import ExitCode, JobError, MtuiError, WriteError
from mtui.jobs.answer import Started, encode_error, encode_started
from mtui.jobs.begin import STOPPED_EARLY, Begun, begin, resume, use_devices
from mtui.jobs.estimate import estimate_seconds, remember_speed
from mtui.jobs.events import Event, append_event
from mtui.jobs.heartbeat import host_name
from mtui.jobs.record import Job, JobState, Status, user_name, write_state
from mtui.jobs.report import Outcome, Reporter, Stopped
from mtui.jobs.stopping import StopWish


def main(words: Sequence[str]) -> int:
    """Run a job to its end and return its exit code."""
    stop = Flag()
    _listen(stop)
    with ExitStack() as held:
        try:
            begun = _begin(words, sys.stdin.read(), held)
        except MtuiError as error:
            print(encode_error(error), flush=True)
            return error.exit_code
        state = _run(begun, stop)
    if begun.claim.is_current():
        _record_end(begun.job, state)
    return state.exit_code


def _begin(words: Sequence[str], text: str, held: ExitStack) -> Begun:
    try:
        return resume(Job(Path(words[0])), text, held) if words else begin(text, held)
    except KeyboardInterrupt:
        error = JobError(STOPPED_EARLY)
        error.exit_code = ExitCode.INTERRUPTED
        raise error from None


def _listen(stop: Flag) -> None:
    def end_now(_number: int, _frame: FrameType | None) -> None:
        # Once: what comes later would interrupt the clearing up.
        _ignore_wishes()
        raise KeyboardInterrupt

    def request_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            end_now(number, frame)
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, end_now)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _ignore_wishes() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _answer(begun: Begun) -> None:
    """Say that the job runs, to whoever still listens, and let go of the pipes."""
    plan = begun.plan
    seconds = estimate_seconds(plan) if begun.claim.number == 1 else None
    started = Started(begun.job.folder, plan.warnings, plan.left_out, seconds)
    try:
        print(encode_started(started), flush=True)
    except BrokenPipeError:
        # Nobody waits any more, which is no reason not to work.
        sys.stdout = sys.stderr
    log = os.open(begun.job.log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)


def _run(begun: Begun, stop: Flag) -> JobState:
    """Do the work and say how it ended; nothing escapes, at whatever moment it is stopped."""
    try:
        state = _work(begun, stop)
        # How it ended is being recorded from here on.
        _ignore_wishes()
    except KeyboardInterrupt:
        return _stopped()
    return state


def _work(begun: Begun, stop: Flag) -> JobState:
    job = begun.job
    try:
        _answer(begun)
        use_devices(begun.plan.settings)
        # Only now: loading JAX takes seconds, and where it cannot be loaded the state has to say so.
        from mtui.jobs.export import run_export

        outcome = run_export(begun.plan, Reporter(job), StopWish(begun.claim, stop))
        state = replace(_ended(outcome), left_out=begun.plan.left_out)
        remember_speed(job, begun.plan)
    except Stopped:
        return _stopped()
    except MtuiError as error:
        return _state("failed", error.message, error.hint, error.exit_code)
    except Exception as error:
        # The log may be on a full disk too.
        with contextlib.suppress(OSError):
            traceback.print_exc()
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return _state("failed", f"A fault in mtui itself: {reason}.", f"The report is in {job.log_path}")
    return state


def _stopped() -> JobState:
    return _state("stopped", "It was stopped; finished files are complete.", code=ExitCode.INTERRUPTED)


def _ended(outcome: Outcome) -> JobState:
    if not outcome.particles:
        return _state("failed", outcome.text)
    code = ExitCode.FAILED if outcome.skipped else ExitCode.COMPLETE
    return _state("problems" if outcome.skipped else "done", outcome.text, code=code, rows=outcome.particles)


def _state(
    status: Status, message: str, hint: str = "", code: ExitCode | None = None, rows: int = 0
) -> JobState:
    if code is None:
        code = ExitCode.FAILED if status == "failed" else ExitCode.COMPLETE
    return JobState(status, time.time(), user_name(), host_name(), message, hint, int(code), rows)


def _record_end(job: Job, state: JobState) -> None:
    """The end goes into events and log too: where the disk is full, one of them may still get through."""
    text = f"{state.status}: {state.message}"
    ended = Event("ended", time.time(), text=text)
    ways: tuple[Callable[[], object], ...] = (
        lambda: print(f"{text} {state.hint}".strip(), flush=True),
        lambda: append_event(job.events_path, ended),
        lambda: write_state(job, state),
    )
    for record in ways:
        try:
            record()
        except (OSError, WriteError) as error:
            with contextlib.suppress(OSError):
                print(f"The end could not be recorded: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
