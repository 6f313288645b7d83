"""Which tilt series an earlier run finished: those are neither loaded nor computed again."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from mtui.jobs.names import average_path
from mtui.jobs.units import UnitRecord, is_complete
from mtui.model.export_plan import ExportPlan, SeriesPlan

READERS = 8
"""Series that are looked at side by side: on a network each look at a file is a wait."""


def find_finished(plan: ExportPlan, records: Mapping[int, UnitRecord]) -> list[SeriesPlan]:
    """Series of which every image, the average too, is recorded and still as it was written."""

    def is_finished(series: SeriesPlan) -> bool:
        found = [records.get(unit.number) for unit in series.units]
        kept = [record for record in found if record is not None]
        if len(kept) < len(found):
            return False
        average = average_path(plan, series)
        is_averaged = average is None or str(average) in kept[-1].files
        return is_averaged and all(is_complete(record) for record in kept)

    if not records:
        return []
    with ThreadPoolExecutor(READERS, "verify") as pool:
        verdicts = list(pool.map(is_finished, plan.series))
    return [series for series, verdict in zip(plan.series, verdicts, strict=True) if verdict]
