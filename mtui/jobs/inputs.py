"""Whether there is anything to work on: a quick look at what the tilt series of an export need."""

from __future__ import annotations

from mtui.errors import InputError
from mtui.model.export_plan import ExportPlan, SeriesPlan
from mtui.model.remap import Remap
from mtui.model.tilt_images import check_averages, locate_tilt_images, raw_size_px
from mtui.model.tilt_series import load_tilt_series


def check_inputs(plan: ExportPlan) -> None:
    """Refuse an export none of whose series can be read; one broken series is skipped by the job instead.

    Metadata and headers are read, up to the first series that has everything.

    Raises:
        FormatError, ModelError: what is wrong with the first series.
    """
    remap = Remap.parse(plan.settings.remap)
    first_error: InputError | None = None
    for series in plan.series:
        try:
            look_at_inputs(series, remap)
        except InputError as error:
            first_error = first_error or error
        else:
            return
    if first_error is not None:
        raise first_error


def look_at_inputs(series: SeriesPlan, remap: Remap) -> None:
    """Read the metadata and image headers of a series; raises FormatError or ModelError."""
    tilt_series = load_tilt_series(series.ref, remap)
    files = locate_tilt_images(tilt_series, remap)
    check_averages(files)
    raw_size_px(tilt_series, series.ref.source, files)
