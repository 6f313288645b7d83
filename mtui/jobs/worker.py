"""The process of a job: ``python -m mtui.jobs.worker`` with settings on stdin, or the FOLDER of a job.

It answers on stdout with one line, that the job runs or why it does not (`mtui.jobs.answer`). From then on it
has no terminal and no pipe, reports through the job's folder only, and says how it ended in its state.
SIGTERM ends it after the unit in hand, SIGTERM again or SIGINT at once; files are complete either way.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from types import FrameType

from mtui.errors import ExitCode, MtuiError, WriteError
from mtui.jobs.answer import Started, encode_error, encode_started
from mtui.jobs.begin import Begun, begin, resume, use_devices
from mtui.jobs.estimate import estimate_seconds, remember_speed
from mtui.jobs.events import Event, append_event
from mtui.jobs.heartbeat import host_name
from mtui.jobs.leftovers import remove_leftovers
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
        _answer(begun)
        state = _run(begun, stop)
    _record_end(begun.job, state)
    return state.exit_code


def _begin(words: Sequence[str], text: str, held: ExitStack) -> Begun:
    return resume(Job(Path(words[0])), text, held) if words else begin(text, held)


def _listen(stop: Flag) -> None:
    def end_now(_number: int, _frame: FrameType | None) -> None:
        # Once: what comes later would interrupt the clearing up, and the record of how it ended.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    def request_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            end_now(number, frame)
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, end_now)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


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
    """Do the work and say how it ended; nothing escapes."""
    job = begun.job
    try:
        use_devices(begun.plan.settings)
        # Only now: loading JAX takes seconds, and where it cannot be loaded the state has to say so.
        from mtui.jobs.export import run_export

        outcome = run_export(begun.plan, Reporter(job), StopWish(begun.claim, stop))
        state = replace(_ended(outcome), left_out=begun.plan.left_out)
        remove_leftovers(begun.plan, job)
        remember_speed(job, begun.plan)
    except (Stopped, KeyboardInterrupt):
        return _state("stopped", "It was stopped; finished files are complete.", code=ExitCode.INTERRUPTED)
    except MtuiError as error:
        return _state("failed", error.message, error.hint, error.exit_code)
    except Exception as error:
        traceback.print_exc()
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return _state("failed", f"A fault in mtui itself: {reason}.", f"The report is in {job.log_path}")
    return state


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
    print(f"{state.status}: {state.message} {state.hint}".strip(), flush=True)
    try:
        append_event(job.events_path, Event("ended", time.time(), text=f"{state.status}: {state.message}"))
        write_state(job, state)
    except WriteError as error:
        print(f"The end could not be recorded: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
