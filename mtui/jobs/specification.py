"""What a job does, as a fingerprint: a job goes on only where its units are still the same ones."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass

import numpy as np

from mtui import __version__
from mtui.errors import JobError
from mtui.formats import files
from mtui.jobs.record import Job
from mtui.model.export_plan import ExportPlan


@dataclass(frozen=True, slots=True)
class Specification:
    """The work of a job, fixed when it starts."""

    program: str
    """Version of mtui that started it."""
    particles: int
    series: int
    units: int
    digest: str
    """SHA-256 over particles, sizes and the borders of all units."""


def specify(plan: ExportPlan) -> Specification:
    """The specification of a plan."""
    digest = hashlib.sha256()
    for series in plan.series:
        borders = [(unit.number, unit.start, unit.stop) for unit in series.units]
        digest.update(repr((series.ref.hash, str(series.pixel.angpix), borders)).encode())
        digest.update(np.ascontiguousarray(series.rows, np.int64).tobytes())
    digest.update(repr((plan.box_px, plan.diameter_ang, str(plan.angpix))).encode())
    for values in (plan.particles.positions_ang, plan.particles.angles_deg, plan.particles.half):
        digest.update(values.tobytes())
    return Specification(__version__, plan.n_particles, len(plan.series), plan.n_units, digest.hexdigest())


def keep_specification(job: Job, plan: ExportPlan) -> None:
    """Write a job's specification, or compare with the one it started with.

    Raises:
        JobError: particles or series have changed since, or another version cut the work differently.
        WriteError: the file cannot be written.
    """
    now = specify(plan)
    before = _read(job)
    if before is None:
        files.write_text(job.folder / "specification.json", json.dumps(dataclasses.asdict(now), indent=1))
    elif before.digest != now.digest:
        is_same = before.program == now.program
        versions = "" if is_same else f", or mtui has: {before.program} to {now.program}"
        raise JobError(
            f"Job {job.number} cannot go on: it started with {before.particles:,} particles of "
            f"{before.series:,} series, and species or sources have changed since{versions}.",
            "Start a new export, or restore the version of the species that it started with.",
        )


def _read(job: Job) -> Specification | None:
    path = job.folder / "specification.json"
    try:
        return Specification(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise JobError(f"{path} cannot be read: {error}.", "Start a new export.") from error
