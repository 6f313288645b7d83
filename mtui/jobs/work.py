"""The work on one tilt series: what every kind of export has to be able to do with a unit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from mtui.jobs.images import Writers
from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan, SeriesPlan, Unit
from mtui.profiles.poses import SeriesFacts
from mtui.profiles.profile import Part


@dataclass(frozen=True, slots=True)
class Device:
    """What something was computed on; without a name where nothing was computed."""

    name: str = ""
    memory_mb: int = 0
    """In use now."""


class JaxDevice(Protocol):
    """What is asked of a device of JAX, which this room does not import."""

    platform: str
    id: int

    def memory_stats(self) -> dict[str, int] | None:
        """Its memory in bytes; None for a CPU."""


@runtime_checkable
class Placed(Protocol):
    """An array that lies on devices."""

    def devices(self) -> Iterable[JaxDevice]:
        """Which ones."""


class Work(Protocol):
    """Work on the units of one tilt series."""

    @property
    def device(self) -> Device:
        """Where it is computed."""

    def export(self, unit: Unit) -> UnitRecord:
        """Compute and write a unit; its files are complete when this returns."""

    def keep(self, unit: Unit) -> None:
        """Take account of a unit that an earlier run wrote."""

    def finish(self) -> None:
        """Write what belongs to the series as a whole; `Writers` knows when it is on disk."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the units of a series have in common, whatever is made of them."""

    plan: ExportPlan
    series: SeriesPlan
    facts: SeriesFacts
    writers: Writers

    def record(self, unit: Unit, part: Part, *, outside: int = 0, dropped: int = 0) -> UnitRecord:
        """The record of a unit, when its images are on disk; raises WriteError."""
        return UnitRecord(
            number=unit.number,
            series_hash=self.series.ref.hash,
            start=unit.start,
            stop=unit.stop,
            tables=part,
            files=self.writers.take_written(),
            outside=outside,
            dropped=dropped,
        )


def device_of(images: object) -> Device:
    """What the device of an array of JAX is called, and the memory in use on it; on a CPU the process's."""
    if not isinstance(images, Placed):
        return Device("CPU", _resident_bytes() // 1_000_000)
    device = next(iter(images.devices()))
    used = (device.memory_stats() or {}).get("bytes_in_use")
    return Device(device_name(device.platform, device.id), (used or _resident_bytes()) // 1_000_000)


def device_name(platform: str, number: int) -> str:
    """A JAX device in words: ``CPU``, or ``GPU`` with the number that the driver has for it."""
    if platform != "gpu":
        return platform.upper()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return f"GPU {visible[number] if number < len(visible) and visible[0] else number}"


def _resident_bytes() -> int:
    """Memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
