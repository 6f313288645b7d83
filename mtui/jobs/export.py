"""The work of an export job: whatever a crew has finished is recorded and reported, then come the tables."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from mtui.errors import WriteError
from mtui.jobs.append import flush_file
from mtui.jobs.finish import write_tables
from mtui.jobs.finished import find_finished
from mtui.jobs.leftovers import remove_leftovers
from mtui.jobs.preflight import prepare_folders
from mtui.jobs.replacing import remove_replaced
from mtui.jobs.report import Outcome, Reporter, StopRequest
from mtui.jobs.results import Crew, Ready, Remark, Result, SeriesBegun, SeriesFailed, UnitDone
from mtui.jobs.scale.choice import is_scaled
from mtui.jobs.unit_store import UnitStore
from mtui.jobs.units import UnitRecord, append_unit
from mtui.model.export_plan import RAW_GONE, ExportPlan, SeriesPlan
from mtui.settings import ExportSettings

FLUSH_S = 1.0
"""Records are flushed to disk at most so often: many workers finish many units, and a flush takes a while."""


def run_export(plan: ExportPlan, report: Reporter, stop: StopRequest, crew: Crew | None = None) -> Outcome:
    """Export everything that is not exported yet, write the tables and check what was written.

    The tables' rows are in the order of the sources, their series and the species' particles, whatever
    finished first; a series that fails is left out as a whole. The work is done by ``crew``, or by the one
    that the settings ask for. However it ends, temporary files of workers that were lost go.

    Raises:
        Stopped: ``stop`` was set.
        WriteError: a file could not be written.
        TakenOverError: the job was resumed elsewhere.
        JobError: the workers of a cluster cannot be reached any more.
    """
    try:
        outcome = _export(plan, report, stop, crew)
    except BaseException:
        # What ended the job is what has to be told; when it goes on they are removed in any case.
        with contextlib.suppress(WriteError):
            _clear_up(plan, report, stop)
        raise
    _clear_up(plan, report, stop)
    return outcome


def _clear_up(plan: ExportPlan, report: Reporter, stop: StopRequest) -> None:
    # Asked for what it raises: where the job was resumed elsewhere, temporary files are that run's.
    stop.is_set()
    remove_leftovers(plan, report.job)


def _export(plan: ExportPlan, report: Reporter, stop: StopRequest, crew: Crew | None) -> Outcome:
    report.started(plan.n_particles, len(plan.series), plan.n_units)
    for warning in plan.warnings:
        report.warning(warning)
    prepare_folders(plan)
    ledger = Ledger(plan, report, UnitStore(report.job.units_path))
    unfinished = ledger.enter_finished()
    if unfinished:
        crew = crew or find_crew(plan.settings)
        with contextlib.closing(
            crew.results(replace(plan, series=unfinished), ledger.records, stop)
        ) as results:
            for result in results:
                # Asked for what it raises: a run whose job was resumed elsewhere must not record anything.
                stop.is_set()
                ledger.enter(result)
    return write_tables(plan, ledger.records, ledger.failures, report)


def find_crew(settings: ExportSettings) -> Crew:
    """Who does the work: Dask's workers, or this process, which only then loads JAX."""
    if is_scaled(settings):
        from mtui.jobs.scale.cluster import crew_for

        return crew_for(settings)
    from mtui.jobs.local import LocalCrew

    return LocalCrew()


@dataclass(slots=True)
class Ledger:
    """What is known of a running export."""

    plan: ExportPlan
    report: Reporter
    records: UnitStore
    failures: dict[str, str] = field(default_factory=dict)
    """Reason by the series' hash."""
    told: Counter[str] = field(default_factory=Counter)
    """Units of each series that were reported, by its hash."""
    warned: bool = False
    flushed: float = 0.0

    def __post_init__(self) -> None:
        self.warned = any(warning.startswith(RAW_GONE) for warning in self.plan.warnings)

    def enter_finished(self) -> tuple[SeriesPlan, ...]:
        """Report what an earlier run finished, and return the other series."""
        finished = find_finished(self.plan, self.records)
        for series in finished:
            for unit in series.units:
                self._enter_unit(UnitDone(series, self.records[unit.number], kept=True))
        done = {series.ref.hash for series in finished}
        return tuple(series for series in self.plan.series if series.ref.hash not in done)

    def enter(self, result: Result) -> None:
        """Record and report a result; raises WriteError."""
        match result:
            case Ready():
                remove_replaced(self.plan)
            case SeriesBegun():
                self._begin(result)
            case UnitDone():
                self._enter_unit(result)
            case SeriesFailed():
                self._fail(result)
            case Remark():
                self.report.warning(result.text)
            case _:
                self.report.writing(result.text)

    def _begin(self, result: SeriesBegun) -> None:
        root = result.series.ref.root
        self.report.series_begun(root, len(result.series.units))
        if result.size_from_average and not self.warned:
            self.report.warning(f"{RAW_GONE} (series {root} and perhaps others).")
            self.warned = True

    def _enter_unit(self, done: UnitDone) -> None:
        record, ref = done.record, done.series.ref
        self.told[ref.hash] += 1
        is_last = self.told[ref.hash] == len(done.series.units)
        size = record.stop - record.start
        if record != self.records.get(record.number):
            self._keep(record)
        if done.kept:
            self.report.unit_kept(ref.root, record.number, size, last=is_last)
            return
        self.report.unit_done(done, last=is_last)

    def _keep(self, record: UnitRecord) -> None:
        path = self.report.job.units_path
        self.records.add(record.number, append_unit(path, record))
        if time.monotonic() - self.flushed > FLUSH_S:
            flush_file(path)
            self.flushed = time.monotonic()

    def _fail(self, result: SeriesFailed) -> None:
        series = result.series
        self.failures[series.ref.hash] = result.reason
        done = sum(unit.stop - unit.start for unit in series.units if unit.number in self.records)
        self.report.series_skipped(series.ref.root, len(series.rows) - done, result.reason)
