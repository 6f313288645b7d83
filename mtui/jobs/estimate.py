"""How long an export will take, going by earlier ones on this machine.

Each export that ends well adds a line to a list in the user's state folder. An estimate scales the median of
the last ones that were alike with the size of the output: the work is proportional to the particles and to a
volume's voxels, or an image's pixels.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mtui.errors import WriteError
from mtui.formats.files import make_folder
from mtui.jobs.append import append_line
from mtui.jobs.events import Event, read_events
from mtui.jobs.heartbeat import host_name
from mtui.jobs.progress import duration_text, rounded_seconds
from mtui.jobs.record import Job, state_folder
from mtui.model.export_plan import ExportPlan

LAST_RUNS = 5
"""Earlier exports that an estimate looks back on."""
FEWEST_UNITS = 2
"""The first unit of a run holds the compilation and only starts the clock."""
SHORTEST_S = 30.0
"""Shorter runs tell more about compilation than about the work."""
WIDEST_SCALING = 2
"""Boxes that differ by more than this factor are not compared."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast an export was."""

    host: str
    crew: str
    """The scheduler or batch system that was used; empty for this machine alone."""
    kind: str
    """volumes, series or none."""
    box_px: int
    particles: int
    seconds: float
    """Time that these particles took."""

    @property
    def seconds_per_element(self) -> float:
        """Time for one voxel of one volume, or one pixel of one image series."""
        return self.seconds / (self.particles * _elements(self.kind, self.box_px))


def estimate_seconds(plan: ExportPlan) -> float | None:
    """Time that an export will take, in s, without its start; None where no earlier one is like it."""
    known = [speed.seconds_per_element for speed in _read() if _is_alike(speed, plan)]
    if not known:
        return None
    each = statistics.median(known[-LAST_RUNS:])
    return each * _elements(plan.target.kind, plan.box_px) * plan.n_particles


def _is_alike(speed: Speed, plan: ExportPlan) -> bool:
    if (speed.kind, speed.crew, speed.host) != (plan.target.kind, _crew(plan), host_name()):
        return False
    return max(speed.box_px, plan.box_px) <= WIDEST_SCALING * min(speed.box_px, plan.box_px)


def estimate_text(seconds: float) -> str:
    """An estimate in words."""
    return f"about {duration_text(rounded_seconds(seconds))}, going by earlier exports on this machine"


def remember_speed(job: Job, plan: ExportPlan) -> None:
    """Add how fast the last run of a job was; a state folder that cannot be written is no failure."""
    speed = _measure(job, plan)
    if speed is not None:
        with contextlib.suppress(WriteError):
            make_folder(_path().parent)
            append_line(_path(), json.dumps(dataclasses.asdict(speed)))


def _measure(job: Job, plan: ExportPlan) -> Speed | None:
    events, _ = read_events(job.events_path)
    starts = [number for number, event in enumerate(events) if event.kind == "started"]
    units: list[Event] = [event for event in events[starts[-1] :] if event.kind == "unit"] if starts else []
    if len(units) < FEWEST_UNITS:
        return None
    particles = sum(unit.particles for unit in units[1:])
    seconds = units[-1].time - units[0].time
    if particles <= 0 or seconds < SHORTEST_S:
        return None
    return Speed(host_name(), _crew(plan), plan.target.kind, plan.box_px, particles, round(seconds, 3))


def _crew(plan: ExportPlan) -> str:
    return plan.settings.scheduler or plan.settings.cluster or ""


def _elements(kind: str, box_px: int) -> int:
    powers = {"volumes": 3, "series": 2, "none": 0}
    return int(box_px ** powers[kind])


def _read() -> Iterator[Speed]:
    try:
        lines = _path().read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield Speed(**json.loads(line))
        except (ValueError, TypeError):
            continue  # cut off by a crash, or of another version


def _path() -> Path:
    return state_folder() / "speeds.jsonl"
