"""Whether there is anything to work on: a quick look at what the tilt series of an export need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtui.errors import InputError
from mtui.jobs.wording import plural
from mtui.model.export_plan import ExportPlan, SeriesPlan
from mtui.model.remap import Remap
from mtui.model.tilt_images import check_averages, locate_tilt_images, raw_size_px
from mtui.model.tilt_series import load_tilt_series

MOST_LOOKED_AT = 40
"""Series whose images are looked for; of more, as many at even distances, so that the look takes a second."""
SHOWN_SERIES = 3


def check_inputs(plan: ExportPlan) -> tuple[str, ...]:
    """Refuse an export none of whose series can be read; broken ones are skipped by the job, with a warning.

    Metadata and headers are read, of some series where there are many, and always up to the first that has
    everything. Returns the warnings.

    Raises:
        FormatError, ModelError: what is wrong with the first series.
    """
    errors: dict[str, InputError] = {}
    chosen = _spread(plan.series)
    for series in chosen:
        _look(plan, series, errors)
    if len(errors) == len(chosen):
        hashes = {series.ref.hash for series in chosen}
        others = (series for series in plan.series if series.ref.hash not in hashes)
        if not any(_look(plan, series, errors) for series in others):
            first = next(series for series in plan.series if series.ref.hash in errors)
            raise errors[first.ref.hash]
    return tuple(_warnings(plan, errors, len(chosen)))


def look_at_inputs(series: SeriesPlan, remap: Remap) -> None:
    """Read the metadata and image headers of a series; raises FormatError or ModelError."""
    tilt_series = load_tilt_series(series.ref, remap)
    files = locate_tilt_images(tilt_series, remap)
    check_averages(files)
    raw_size_px(tilt_series, series.ref.source, files)


def _spread(series: Sequence[SeriesPlan]) -> list[SeriesPlan]:
    count = min(len(series), MOST_LOOKED_AT)
    return [series[number * len(series) // count] for number in range(count)]


def _look(plan: ExportPlan, series: SeriesPlan, errors: dict[str, InputError]) -> bool:
    """Whether a series has everything; what it lacks goes into ``errors``."""
    try:
        look_at_inputs(series, Remap.parse(plan.settings.remap))
    except InputError as error:
        errors[series.ref.hash] = error
        return False
    return True


def _warnings(plan: ExportPlan, errors: dict[str, InputError], looked_at: int) -> Iterator[str]:
    if not errors:
        return
    broken = [series for series in plan.series if series.ref.hash in errors]
    reasons = [f"{series.ref.root}: {errors[series.ref.hash].message}" for series in broken[:SHOWN_SERIES]]
    among = "" if looked_at == len(plan.series) else f" of {looked_at:,} that were looked at"
    yield f"{plural(len(broken), 'series', 'series')}{among} will be skipped. {' '.join(reasons)}"
