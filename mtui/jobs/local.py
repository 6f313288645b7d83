"""An export in this process: series after series, the next one made ready while one is computed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mtui.engine.runtime import configure_runtime
from mtui.jobs.prepared import PreparedSeries, prepare_for_export
from mtui.jobs.report import StopRequest
from mtui.jobs.results import SERIES_ERRORS, Ready, Result, SeriesBegun, SeriesFailed
from mtui.jobs.series_export import work_on_series
from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan, SeriesPlan


@dataclass(frozen=True, slots=True)
class LocalCrew:
    """This process."""

    def results(
        self, plan: ExportPlan, records: Mapping[int, UnitRecord], stop: StopRequest
    ) -> Generator[Result]:
        """See `mtui.jobs.results.Crew`."""
        configure_runtime()
        ready = False
        for series, prepared in _prepare_ahead(plan):
            if isinstance(prepared, Exception):
                yield SeriesBegun(series)
                yield SeriesFailed(series, str(prepared))
                continue
            yield SeriesBegun(series, prepared.size_from_average)
            if not ready:
                yield Ready()
                ready = True
            try:
                yield from work_on_series(plan, series, prepared, records, stop)
            except SERIES_ERRORS as error:
                yield SeriesFailed(series, str(error))


def _prepare_ahead(plan: ExportPlan) -> Iterator[tuple[SeriesPlan, PreparedSeries | Exception]]:
    """Series made ready, the next one while one is worked on; or what went wrong with it."""
    with ThreadPoolExecutor(1, "reader") as pool:
        following = pool.submit(prepare_for_export, plan, plan.series[0])
        for position, series in enumerate(plan.series, start=1):
            current = following
            if position < len(plan.series):
                following = pool.submit(prepare_for_export, plan, plan.series[position])
            try:
                prepared: PreparedSeries | Exception = current.result()
            except SERIES_ERRORS as error:
                prepared = error
            yield series, prepared
