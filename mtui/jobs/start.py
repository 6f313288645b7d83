"""Starting a job in a process of its own, watching it, and asking it to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mtui.errors import JobError
from mtui.formats.files import absolute_path
from mtui.jobs.devices import check_gpus, worker_environment
from mtui.jobs.events import read_events
from mtui.jobs.heartbeat import host_name, is_alive, read_heartbeat, write_heartbeat
from mtui.jobs.inputs import check_inputs
from mtui.jobs.preflight import check_start, prepare_folders
from mtui.jobs.progress import Progress, Tally, add_events, compute_progress
from mtui.jobs.record import ENDED, Job, create_job, read_state
from mtui.model.export_plan import ExportPlan
from mtui.settings import ExportSettings

POLL_S = 0.2


def start_export(plan: ExportPlan) -> Job:
    """Check an export and start it in a detached process; returns at once.

    The process has a session of its own, no terminal, and writes only into the job's folder.

    Raises:
        InputError: something is known to go wrong (:func:`mtui.jobs.preflight.check_start`), no series can be
            read, or a device is not there.
        WriteError: a folder cannot be created.
    """
    check_gpus(plan.settings.gpus)
    check_start(plan)
    check_inputs(plan)
    prepare_folders(plan)
    job = create_job(absolute_settings(plan.settings), time.time())
    _spawn(job, plan.settings.gpus)
    return job


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


def _spawn(job: Job, gpus: tuple[int, ...] | None) -> None:
    # -P: a file of the working directory must not stand in for one of Python's modules.
    command = [sys.executable, "-P", "-m", "mtui.jobs.worker", str(job.folder)]
    with job.log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=worker_environment(gpus),
        )
    write_heartbeat(job.heartbeat_path, process.pid, time.time())
    # Without somebody who waits for it, an ended process would stay in the process table.
    threading.Thread(target=process.wait, daemon=True).start()


def follow(job: Job) -> Iterator[Progress]:
    """Progress of a job whenever it may have changed, until the job has ended.

    Raises:
        JobError: the job's process is gone without having said how it ended.
    """
    tally, offset = Tally(), 0
    while True:
        ended = read_state(job).status in ENDED
        gone = not ended and not is_alive(read_heartbeat(job.heartbeat_path), time.time())
        events, offset = read_events(job.events_path, offset)
        tally = add_events(tally, events)
        yield compute_progress(tally, time.time())
        if ended:
            return
        if gone and read_state(job).status not in ENDED:
            raise JobError(
                f"Job {job.number} is gone: its process was killed, perhaps for want of memory."
                f"{_last_words(job)}",
                f"Its log is {job.log_path}",
            )
        time.sleep(POLL_S)


def _last_words(job: Job) -> str:
    if not job.log_path.exists():
        return ""
    lines = job.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    return f" The last it said was: {lines[-1].strip()}." if lines else ""


def stop_job(job: Job, *, now: bool = False) -> None:
    """Ask a job to stop after the unit in hand, or at once; finished files stay complete either way.

    Raises:
        JobError: the job runs on another machine.
    """
    beat = read_heartbeat(job.heartbeat_path)
    if beat is None or not is_alive(beat, time.time()):
        return
    if beat.host != host_name():
        raise JobError(f"Job {job.number} runs on {beat.host}, not here.", f"Stop it there: kill {beat.pid}")
    os.kill(beat.pid, signal.SIGINT if now else signal.SIGTERM)
