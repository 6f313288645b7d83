"""The work on one tilt series: what every kind of export has to be able to do with a unit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mtui.jobs.images import Writers
from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan, SeriesPlan, Unit
from mtui.profiles.poses import SeriesFacts
from mtui.profiles.profile import Part


class Work(Protocol):
    """Work on the units of one tilt series."""

    @property
    def device(self) -> str:
        """Where it is computed."""

    def export(self, unit: Unit) -> UnitRecord:
        """Compute and write a unit; its files are complete when this returns."""

    def keep(self, unit: Unit) -> None:
        """Take account of a unit that an earlier run wrote."""

    def finish(self) -> None:
        """Write what belongs to the series as a whole."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the units of a series have in common, whatever is made of them."""

    plan: ExportPlan
    series: SeriesPlan
    facts: SeriesFacts
    writers: Writers

    def record(
        self, unit: Unit, part: Part, files: Sequence[Path], *, outside: int = 0, dropped: int = 0
    ) -> UnitRecord:
        """The record of a finished unit."""
        return UnitRecord(
            number=unit.number,
            series_hash=self.series.ref.hash,
            start=unit.start,
            stop=unit.stop,
            tables=part,
            files={str(path): path.stat().st_size for path in files},
            outside=outside,
            dropped=dropped,
        )


def device_name(platform: str, number: int) -> str:
    """A JAX device in words: ``CPU``, or ``GPU`` with the number that the driver has for it."""
    if platform != "gpu":
        return platform.upper()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return f"GPU {visible[number] if number < len(visible) and visible[0] else number}"
