"""Places that an export writes to are held while it runs, so that two exports never mix their files.

A hidden file in each place names the job. It stays where a job was killed, and is then the business of the
same job, resumed, or of the next export into that place.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtui.errors import InputError, JobError
from mtui.formats import files
from mtui.jobs.claim import running
from mtui.jobs.record import Job
from mtui.model.export_plan import ExportPlan


@contextmanager
def holding(plan: ExportPlan, job: Job) -> Iterator[None]:
    """Hold the table's name and the images' folders for a job while the block runs.

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
        for path in taken:
            release(path, job)


def hold_paths(plan: ExportPlan) -> list[Path]:
    """The files that say who holds the places of an export: one for the table, one per folder of images.

    Species and pixel size are in all names of images, so exports that differ in them do not meet.
    """
    table = plan.output.with_name(f".{plan.output.name}.mtui-job")
    images = f".{plan.species.name_safe}_{plan.angpix:.2f}A.mtui-job"
    folders = [] if plan.target.kind == "none" else [series.folder.parent for series in plan.series]
    return [table, *dict.fromkeys(folder / images for folder in folders)]


def release(path: Path, job: Job) -> None:
    """Let go of a place, if this job holds it."""
    if _holder(path) == str(job.folder):
        files.discard_file(path)


def _take(path: Path, job: Job) -> None:
    for _attempt in range(2):
        if _create(path, job):
            return
        holder = _holder(path)
        if holder == str(job.folder):
            return
        if holder and _runs(Job(Path(holder))):
            raise InputError(
                f"{path.parent} is being written by another export, {holder}.",
                "Wait until it has ended, or choose another place.",
            )
        _set_aside(path, holder)
    raise InputError(f"{path.parent} was just taken by another export.", "Choose another place.")


def _create(path: Path, job: Job) -> bool:
    """Create the file with its content at once, where nobody has."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    files.write_text(draft, str(job.folder))
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise files.write_error(path, error) from error
    finally:
        files.discard_file(draft)
    return True


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _runs(job: Job) -> bool:
    try:
        return running(job) is not None
    except JobError:
        return False  # its record was deleted


def _set_aside(path: Path, holder: str) -> None:
    """Move an abandoned file away; of two that try, one may find the other's new file there."""
    taken = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    with contextlib.suppress(FileNotFoundError):
        path.rename(taken)
        if _holder(taken) != holder:
            with contextlib.suppress(FileExistsError):
                os.link(taken, path)
        files.discard_file(taken)
