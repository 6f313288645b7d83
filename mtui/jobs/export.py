"""The work of an export job: series after series, then the tables."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from mtui.errors import EngineError, FormatError, ModelError
from mtui.jobs.finish import write_tables
from mtui.jobs.preflight import prepare_folders
from mtui.jobs.replacing import remove_replaced
from mtui.jobs.report import Outcome, Reporter, StopRequest
from mtui.jobs.series_export import export_series
from mtui.jobs.series_input import Loaded, LoadedSeries, load_for_export
from mtui.jobs.units import read_units
from mtui.model.export_plan import RAW_GONE, ExportPlan, SeriesPlan

SERIES_ERRORS = (EngineError, FormatError, ModelError)
"""What is wrong with one series only; the job goes on with the next."""


def run_export(plan: ExportPlan, report: Reporter, stop: StopRequest) -> Outcome:
    """Export everything that is not exported yet, write the tables and check what was written.

    The tables' rows are in the order of the sources, their series and the species' particles, whatever
    finished first; a series that fails is left out as a whole.

    Raises:
        Stopped: ``stop`` was set.
        WriteError: a file could not be written.
    """
    report.started(plan.n_particles, len(plan.series), plan.n_units)
    for warning in plan.warnings:
        report.warning(warning)
    prepare_folders(plan)
    records = read_units(report.job.units_path)
    replaced = False
    failures: dict[str, str] = {}
    warned = any(warning.startswith(RAW_GONE) for warning in plan.warnings)
    for series, loaded in _load_ahead(plan):
        report.series_begun(series.ref.root)
        try:
            if isinstance(loaded, Exception):
                raise loaded
            if isinstance(loaded, LoadedSeries) and loaded.size_from_average and not warned:
                report.warning(f"{RAW_GONE} (series {series.ref.root} and perhaps others).")
                warned = True
            if not replaced:
                remove_replaced(plan)
                replaced = True
            export_series(plan, series, loaded, records, report, stop)
        except SERIES_ERRORS as error:
            failures[series.ref.hash] = str(error)
            done = sum(unit.stop - unit.start for unit in series.units if unit.number in records)
            report.series_skipped(series.ref.root, len(series.rows) - done, str(error))
    return write_tables(plan, records, failures, report)


def _load_ahead(plan: ExportPlan) -> Iterator[tuple[SeriesPlan, Loaded | Exception]]:
    """Series with their images, the next one loading while one is worked on; or what went wrong with it."""
    with ThreadPoolExecutor(1, "reader") as pool:
        following = pool.submit(load_for_export, plan, plan.series[0])
        for position, series in enumerate(plan.series, start=1):
            current = following
            if position < len(plan.series):
                following = pool.submit(load_for_export, plan, plan.series[position])
            try:
                loaded: Loaded | Exception = current.result()
            except SERIES_ERRORS as error:
                loaded = error
            yield series, loaded
