"""Pieces of an export that a worker takes at once: consecutive units of one series, with all they need.

The borders of units are the job's; how many of them travel together has no effect on what is written. A piece
carries its own series and particles only, so that its size does not grow with the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan, SeriesPlan, Unit
from mtui.model.source import SourceFile

STRETCH_UNITS = 16
"""Units of one series that are done one after the other by one worker; what a lost worker costs at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A piece of work."""

    run: str
    """A word that is different for each run of a job."""
    number: int
    plan: ExportPlan
    """The export, as if it were of this series and these units alone."""
    done: dict[int, UnitRecord]
    """Units among them that are recorded, without their rows."""
    is_last: bool
    """When it is done the series is, so what belongs to the series as a whole is written."""

    @property
    def series(self) -> SeriesPlan:
        """Its only series."""
        return self.plan.series[0]


def cut_series(
    plan: ExportPlan, series: SeriesPlan, records: Mapping[int, UnitRecord], run: str, numbers: Iterator[int]
) -> list[Stretch]:
    """What can be done of a series at once: all of it, or of a long one everything but the last piece."""
    units = series.units
    if len(units) <= STRETCH_UNITS:
        return [last_piece(plan, series, records, run, next(numbers))]
    alone = _alone(plan, series)
    starts = range(0, len(units) - STRETCH_UNITS, STRETCH_UNITS)
    return [
        _stretch(alone, units[start : start + STRETCH_UNITS], records, run, next(numbers), is_last=False)
        for start in starts
    ]


def last_piece(
    plan: ExportPlan, series: SeriesPlan, records: Mapping[int, UnitRecord], run: str, number: int
) -> Stretch:
    """What ends a series: units that are not recorded, and what is made of all of them together."""
    return _stretch(_alone(plan, series), series.units, records, run, number, is_last=True)


def _stretch(
    alone: ExportPlan,
    units: tuple[Unit, ...],
    records: Mapping[int, UnitRecord],
    run: str,
    number: int,
    *,
    is_last: bool,
) -> Stretch:
    return Stretch(
        run=run,
        number=number,
        plan=replace(alone, series=(replace(alone.series[0], units=units),)),
        done={unit.number: _without_rows(records[unit.number]) for unit in units if unit.number in records},
        is_last=is_last,
    )


def _alone(plan: ExportPlan, series: SeriesPlan) -> ExportPlan:
    own = (SourceFile(series.ref.hash, series.ref.name),)
    ref = replace(series.ref, source=replace(series.ref.source, files=own, document=b""))
    return replace(
        plan,
        species=replace(plan.species, document=b""),
        particles=plan.particles.select(series.rows),
        series=(replace(series, ref=ref, rows=np.arange(len(series.rows))),),
        warnings=(),
    )


def _without_rows(record: UnitRecord) -> UnitRecord:
    return replace(record, tables={})
