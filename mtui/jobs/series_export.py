"""One tilt series of an export: its units computed and written one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mtui.engine.image_series import ImageSeriesContext
from mtui.jobs.images import Writers
from mtui.jobs.pose_work import PoseWork
from mtui.jobs.prepared import Context, PreparedSeries
from mtui.jobs.report import Stopped, StopRequest
from mtui.jobs.results import UnitDone
from mtui.jobs.stack_work import StackWork
from mtui.jobs.units import UnitRecord, is_complete
from mtui.jobs.volume_work import VolumeWork
from mtui.jobs.work import Setting, Work
from mtui.model.export_plan import ExportPlan, SeriesPlan


def work_on_series(
    plan: ExportPlan,
    series: SeriesPlan,
    prepared: PreparedSeries,
    records: Mapping[int, UnitRecord],
    stop: StopRequest,
    *,
    finish: bool = True,
) -> Iterator[UnitDone]:
    """Export the units of a series that are not in ``records``, and yield each when it is finished.

    With ``finish`` what belongs to the series as a whole is written too, before its last unit is yielded, and
    is in that unit's record.

    Raises:
        EngineError: the box does not fit into the device's memory.
        WriteError: a file could not be written.
        Stopped: ``stop`` was set before the series was finished.
    """
    with Writers() as writers:
        work = _begin(Setting(plan, series, prepared.facts, writers), prepared.context)
        for unit in series.units:
            begun = time.monotonic()
            record = records.get(unit.number)
            is_kept = record is not None and is_complete(record)
            if record is not None and is_kept:
                work.keep(unit)
            elif stop.is_set():
                raise Stopped
            else:
                record = work.export(unit)
            if finish and unit is series.units[-1]:
                work.finish()
                record = replace(record, files={**record.files, **writers.take_written()})
            if is_kept:
                yield UnitDone(series, record, kept=True)
            else:
                seconds, device = time.monotonic() - begun, work.device
                yield UnitDone(series, record, seconds, device.name, memory_mb=device.memory_mb)


def _begin(setting: Setting, context: Context | None) -> Work:
    if context is None:
        return PoseWork(setting)
    if isinstance(context, ImageSeriesContext):
        return StackWork.begin(setting, context)
    return VolumeWork.begin(setting, context)
