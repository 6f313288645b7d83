"""Starting a job, or going on with one, in a process of its own that outlives the terminal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from mtui.formats.files import absolute_path
from mtui.jobs.answer import MARK, Started, decode
from mtui.jobs.claim import refuse_running
from mtui.jobs.detach import find_way, start_detached
from mtui.jobs.record import Job
from mtui.jobs.stopping import stop_job
from mtui.model.export_plan import ExportPlan
from mtui.settings import ExportSettings, to_json

__all__ = ["absolute_settings", "launch_export", "resume_job", "start_export", "stop_job"]


def start_export(plan: ExportPlan) -> Job:
    """Start an export that was planned here; raises as `launch_export`."""
    return Job(launch_export(plan.settings).folder)


def launch_export(settings: ExportSettings, tell: Callable[[str], None] | None = None) -> Started:
    """Start an export in a detached process, and wait until it has checked everything and begun.

    The process has a session of its own and no terminal from its first moment; whatever happens to this one
    does not concern it. ``tell`` is called with what the user should know at once.

    Raises:
        InputError: something is known to go wrong (:func:`mtui.jobs.preflight.check_start`), no series can be
            read, or a device is not there; nothing was written then.
        WriteError: a folder cannot be created.
        JobError: the process ended before it could say anything.
    """
    return _launch((), to_json(absolute_settings(settings)), tell)


def resume_job(
    job: Job, tell: Callable[[str], None] | None = None, workers: ExportSettings | None = None
) -> Started:
    """Go on with a job that was stopped, failed or killed: what is finished is kept, the rest is done.

    ``workers`` are settings of which those count that say who does the rest.

    Raises:
        JobError: it runs already, somebody else was faster, or its particles have changed.
        InputError: it cannot be read any more, or another export writes to its places.
    """
    refuse_running(job)
    return _launch((str(job.folder),), to_json(workers) if workers else "", tell)


def _launch(words: tuple[str, ...], text: str, tell: Callable[[str], None] | None) -> Started:
    way = find_way()
    if way.warning and tell is not None:
        tell(way.warning)
    # -P: a file of the working directory must not stand in for one of Python's modules.
    process = start_detached(way, [sys.executable, "-P", "-m", "mtui.jobs.worker", *words], text)
    try:
        lines = _read_answer(cast(IO[bytes], process.stdout))
    except KeyboardInterrupt:
        # Nobody was told of a job, so there shall be none that goes on.
        process.send_signal(signal.SIGINT)
        raise
    # Without somebody who waits for it, an ended process would stay in the process table.
    threading.Thread(target=process.wait, daemon=True).start()
    return decode(lines)


def _read_answer(stream: IO[bytes]) -> list[str]:
    """What a process prints, up to its answer or its end."""
    lines: list[str] = []
    with stream:
        for line in stream:
            lines.append(line.decode(errors="replace").rstrip("\n"))
            if lines[-1].startswith(MARK):
                break
    return lines


def absolute_settings(settings: ExportSettings) -> ExportSettings:
    """The same settings with paths that hold in any working directory."""
    images_dir = settings.images_dir
    if images_dir and images_dir != "source":
        images_dir = str(absolute_path(Path(images_dir)))
    base = settings.path_base
    return replace(
        settings,
        path_base=base if base == "star" else str(Path.cwd() if base == "cwd" else absolute_path(Path(base))),
        population=absolute_path(settings.population),
        output=absolute_path(settings.output),
        images_dir=images_dir,
    )
