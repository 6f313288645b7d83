"""The process of a job: ``python -m mtui.jobs.worker FOLDER``.

It reads nothing from a terminal, reports through the job's folder only, and says how it ended in its state.
SIGTERM ends it after the unit in hand, SIGTERM again or SIGINT at once; files are complete either way.
"""

from __future__ import annotations

import signal
import sys
import time
import traceback
from pathlib import Path
from threading import Event as Flag
from types import FrameType

from mtui.errors import ExitCode, MtuiError, WriteError
from mtui.jobs.events import Event, append_event
from mtui.jobs.heartbeat import beating, host_name
from mtui.jobs.record import Job, JobState, Status, read_settings, user_name, write_state
from mtui.jobs.report import Outcome, Reporter, Stopped
from mtui.model.export_plan import plan_export
from mtui.model.population import load_population


def main(folder: Path) -> int:
    """Run the job in a folder to its end and return its exit code."""
    job = Job(folder)
    stop = Flag()

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with beating(job.heartbeat_path):
        state = _run(job, stop)
        _record_end(job, state)
    return state.exit_code


def _run(job: Job, stop: Flag) -> JobState:
    """Do the work and say how it ended; nothing escapes."""
    try:
        write_state(job, _state("running", ""))
        settings = read_settings(job)
        plan = plan_export(load_population(settings.population, strict=False), settings)
        # Only now: loading JAX takes seconds, and where it cannot be loaded the state has to say so.
        from mtui.jobs.export import run_export

        return _ended(run_export(plan, Reporter(job), stop))
    except (Stopped, KeyboardInterrupt):
        return _state("stopped", "It was stopped; finished files are complete.", code=ExitCode.INTERRUPTED)
    except MtuiError as error:
        return _state("failed", error.message, error.hint, error.exit_code)
    except Exception as error:
        traceback.print_exc()
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return _state("failed", f"A fault in mtui itself: {reason}.", f"The report is in {job.log_path}")


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
    sys.exit(main(Path(sys.argv[1])))
