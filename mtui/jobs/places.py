"""Places that an export writes to are held while it runs, so that two exports never mix their files.

A hidden file in each place names the job. It stays where a job was killed, and is then the business of the
same job, resumed, or of the next export into that place.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mtui.errors import InputError, JobError
from mtui.formats import files
from mtui.jobs.claim import running
from mtui.jobs.exclusive import create_once
from mtui.jobs.record import Job
from mtui.model.export_plan import ExportPlan

LOOKS, LOOK_S = 5, 0.1


@contextmanager
def holding(plan: ExportPlan, job: Job, is_current: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Hold the table's name and the images' folders for a job while the block runs.

    They stay held where this run of the job is not the current one any more.

    Raises:
        InputError: another job that runs holds one of them.
        WriteError: a folder cannot be written.
    """
    taken: list[Path] = []
    try:
        for path in hold_paths(plan):
            _take(path, job)
            taken.append(path)
        yield
    finally:
        for path in taken if is_current() else ():
            release(path, job)


def hold_paths(plan: ExportPlan) -> list[Path]:
    """The files that say who holds the places of an export: one for the table, one per folder of images.

    Species and pixel size are in all names of images, so exports that differ in them do not meet.
    """
    table = plan.output.with_name(f".{plan.output.name}.mtui-job")
    images = f".{plan.species.name_safe}_{plan.angpix:.2f}A.mtui-job"
    folders = [] if plan.target.kind == "none" else [series.folder.parent for series in plan.series]
    return [table, *dict.fromkeys(folder / images for folder in folders)]


def is_held(path: Path, job: Job) -> bool:
    """Whether this job holds a place."""
    return _holder(path) == str(job.folder)


def release(path: Path, job: Job) -> None:
    """Let go of a place, if this job holds it."""
    if is_held(path, job):
        files.discard_file(path)


def _take(path: Path, job: Job) -> None:
    for _attempt in range(2):
        if create_once(path, str(job.folder)):
            return
        holder = _settled_holder(path)
        if holder == str(job.folder):
            return
        if _is_in_use(holder):
            raise InputError(
                f"{path.parent} is being written by another export, {holder}.",
                f"Wait until it has ended, or choose another place. If it is long gone: rm {path}",
            )
        _set_aside(path, holder)
    raise InputError(f"{path.parent} was just taken by another export.", "Choose another place.")


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _settled_holder(path: Path) -> str:
    """The holder, which may just be writing its name."""
    for _look in range(LOOKS):
        holder = _holder(path)
        if holder or not path.exists():
            return holder
        time.sleep(LOOK_S)
    return ""


def _is_in_use(holder: str) -> bool:
    """Whether the job of that folder runs; one that may not be looked at may run."""
    if not holder:
        return False
    job = Job(Path(holder))
    try:
        return running(job) is not None
    except PermissionError:
        return True
    except JobError:
        state = job.folder / "state.json"
        return state.exists() and not os.access(state, os.R_OK)


def _set_aside(path: Path, holder: str) -> None:
    """Move an abandoned file away, and back if it is in use after all.

    Of two that try, one may find the other's new file there; and its own job may just have been resumed.
    """
    taken = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    with contextlib.suppress(FileNotFoundError):
        path.rename(taken)
        # A job that was resumed clears up such files.
        found = _holder(taken) or holder
        if found != holder or _is_in_use(found):
            create_once(path, found)
        files.discard_file(taken)
