"""One tilt series of an export: its units computed, written and recorded one after the other."""

from __future__ import annotations

import time

from mtui.errors import EngineError
from mtui.jobs.images import Writers
from mtui.jobs.pose_work import PoseWork
from mtui.jobs.report import Reporter, Stopped, StopRequest
from mtui.jobs.series_input import Loaded, LoadedSeries
from mtui.jobs.stack_work import StackWork
from mtui.jobs.unit_poses import series_facts
from mtui.jobs.units import UnitRecord, append_unit, is_complete
from mtui.jobs.volume_work import VolumeWork
from mtui.jobs.work import Setting, Work
from mtui.model.export_plan import ExportPlan, SeriesPlan


def export_series(
    plan: ExportPlan,
    series: SeriesPlan,
    loaded: Loaded,
    records: dict[int, UnitRecord],
    report: Reporter,
    stop: StopRequest,
) -> None:
    """Export the units of a series that are not in ``records``, adding each to it when it is finished.

    Raises:
        EngineError: the series cannot be worked on.
        WriteError: a file could not be written.
        Stopped: ``stop`` was set before the series was finished.
    """
    facts = series_facts(plan, series, loaded.tilt_series)
    if not len(facts.tilts):
        raise EngineError(
            f"Series {series.ref.root} has no selected tilt within the dose limit.",
            "Select some of its tilts, or leave the series out.",
        )
    with Writers() as writers:
        work = _begin(Setting(plan, series, facts, writers), loaded)
        for unit in series.units:
            size, last = unit.stop - unit.start, unit is series.units[-1]
            record = records.get(unit.number)
            if record is not None and is_complete(record):
                work.keep(unit)
                report.unit_kept(series.ref.root, unit.number, size, last=last)
                continue
            if stop.is_set():
                raise Stopped
            begun = time.monotonic()
            records[unit.number] = work.export(unit)
            append_unit(report.job.units_path, records[unit.number])
            seconds = time.monotonic() - begun
            report.unit_done(series.ref.root, unit.number, size, seconds, device=work.device, last=last)
        work.finish()


def _begin(setting: Setting, loaded: Loaded) -> Work:
    if not isinstance(loaded, LoadedSeries):
        return PoseWork(setting)
    kind = StackWork if setting.plan.target.kind == "series" else VolumeWork
    return kind.begin(setting, loaded)
