"""Temporary files of processes that were killed: removed when their job goes on, and when it ends.

A job holds its places, so every temporary that stands beside one of its own files belongs to a process that
no longer runs, or whose unit is being done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mtui.formats.files import discard_file
from mtui.jobs.names import image_names, table_paths
from mtui.jobs.places import hold_paths
from mtui.jobs.record import Job
from mtui.model.export_plan import ExportPlan
from mtui.profiles.relion5 import DUMMY

TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+\.[0-9a-f]{8}\.tmp")
"""How `atomic_path` names a temporary: the file's name, the process, a random word."""


def remove_leftovers(plan: ExportPlan, job: Job) -> int:
    """Remove the temporaries of an export's own files and return their number; raises WriteError."""
    tables = [*table_paths(plan), plan.output.with_name(DUMMY)]
    count = _remove(plan.output.parent, {path.name for path in tables})
    for path in hold_paths(plan):
        for left in path.parent.glob(f"*{path.name}.*.tmp"):
            discard_file(left)
            count += 1
    if plan.target.kind != "none":
        for series in plan.series:
            count += _remove(series.folder, image_names(plan, series))
    return count + remove_job_leftovers(job)


def remove_job_leftovers(job: Job) -> int:
    """Remove temporaries in a job's own folder; only the process that runs the job may do this."""
    left = [*job.folder.glob(".*.tmp"), *(job.folder / "runs").glob(".*.tmp")]
    for path in left:
        discard_file(path)
    return len(left)


def _remove(folder: Path, names: Iterable[str]) -> int:
    if not folder.is_dir():
        return 0
    left = [path for path in folder.iterdir() if path.name.endswith(".tmp")]
    own = set(names) if left else set()
    doomed = [path for path in left if (match := TEMPORARY.fullmatch(path.name)) and match["name"] in own]
    for path in doomed:
        discard_file(path)
    return len(doomed)
