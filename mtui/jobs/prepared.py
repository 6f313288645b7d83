"""One tilt series made ready for its units: what may be done while another one is computed."""

from __future__ import annotations

from dataclasses import dataclass

from mtui.engine.image_series import ImageSeriesContext, ImageSeriesSettings, prepare_images_on_host
from mtui.engine.series_context import SeriesContext, prepare_on_host
from mtui.errors import EngineError
from mtui.jobs.series_input import load_series
from mtui.jobs.unit_poses import is_premultiplied, series_facts
from mtui.model.export_plan import ExportPlan, SeriesPlan
from mtui.model.remap import Remap
from mtui.model.tilt_series import TiltSeries, load_tilt_series
from mtui.profiles.poses import SeriesFacts

Context = SeriesContext | ImageSeriesContext


@dataclass(frozen=True, slots=True, eq=False)
class PreparedSeries:
    """A series as its units need it."""

    facts: SeriesFacts
    context: Context | None
    """What the engine computes with, not on a GPU yet; None where no images are made."""
    size_from_average: bool = False
    """The raw movies are gone, so the image size is that of the average times its pixel size."""


def prepare_for_export(plan: ExportPlan, series: SeriesPlan) -> PreparedSeries:
    """Read a series and compute what its particles share; on a GPU it takes no memory yet.

    Raises:
        FormatError, ModelError, EngineError: a file is missing or damaged, files do not fit together, or no
            tilt is left to work on.
    """
    if plan.target.kind == "none":
        tilt_series = load_tilt_series(series.ref, Remap.parse(plan.settings.remap))
        return PreparedSeries(_facts(plan, series, tilt_series), None)
    loaded = load_series(plan, series)
    facts = _facts(plan, series, loaded.tilt_series)
    context: Context
    if plan.target.kind == "series":
        settings = ImageSeriesSettings(facts.angpix, plan.box_px, is_premultiplied(plan))
        context = prepare_images_on_host(loaded.input, settings)
    else:
        context = prepare_on_host(loaded.input, loaded.settings)
    return PreparedSeries(facts, context, loaded.size_from_average)


def _facts(plan: ExportPlan, series: SeriesPlan, tilt_series: TiltSeries) -> SeriesFacts:
    facts = series_facts(plan, series, tilt_series)
    if not len(facts.tilts):
        raise EngineError(
            f"Series {series.ref.root} has no selected tilt within the dose limit.",
            "Select some of its tilts, or leave the series out.",
        )
    return facts
