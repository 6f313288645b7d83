"""One tilt series made ready for the engine: metadata, sizes and preprocessed images."""

from __future__ import annotations

from dataclasses import dataclass

from mtui.engine.images import load_tilt_images
from mtui.engine.preprocessing import Preprocessing
from mtui.engine.series_context import ReconstructionSettings, SeriesInput
from mtui.formats.mrc import may_store_half
from mtui.geometry.sizes import norm_radius_px, scaled_image_size_px, size_rounding
from mtui.geometry.tilts import Frame
from mtui.jobs.super_boxes import compute_super_box_px
from mtui.model.averages import averages_angpix, refuse_finer
from mtui.model.export_plan import ExportPlan, SeriesPlan
from mtui.model.remap import Remap
from mtui.model.tilt_images import RawSize, check_averages, locate_tilt_images, raw_size_px
from mtui.model.tilt_series import TiltSeries, load_tilt_series


@dataclass(frozen=True, slots=True, eq=False)
class LoadedSeries:
    """A series and how its particles are reconstructed."""

    tilt_series: TiltSeries
    input: SeriesInput
    settings: ReconstructionSettings
    size_from_average: bool
    """The raw movies are gone, so the image size is that of the average times its pixel size."""


def load_series(plan: ExportPlan, series: SeriesPlan) -> LoadedSeries:
    """Read a series' metadata and images, and rescale and preprocess the images.

    Raises:
        FormatError, ModelError, EngineError: a file is missing or damaged, or files do not fit together.
    """
    remap = Remap.parse(plan.settings.remap)
    tilt_series = load_tilt_series(series.ref, remap)
    files = locate_tilt_images(tilt_series, remap)
    average = check_averages(files)
    raw = raw_size_px(tilt_series, series.ref.source, files)
    refuse_finer(plan.angpix, series.ref, averages_angpix(series.ref.source, raw, average))
    how = Preprocessing(plan.box_px, plan.settings.normalize_input, plan.settings.invert)
    images = load_tilt_images(files, scaled_image_size_px((raw.x, raw.y), series.pixel), how)
    return LoadedSeries(
        tilt_series=tilt_series,
        input=SeriesInput(
            name=series.ref.root,
            images=images,
            geometry=tilt_series.geometry,
            ctf=tilt_series.ctf,
            frame=frame_of(series, raw),
        ),
        settings=reconstruction_settings(plan, series, tilt_series),
        size_from_average=raw.from_average,
    )


def frame_of(series: SeriesPlan, raw: RawSize) -> Frame:
    """Physical sizes: the volume as the source has it, the image as the raw movie of the first tilt.

    They override those in the XML, as in M's `TiltSeries.LoadMovieData`.
    """
    angpix = float(series.ref.source.angpix)
    return Frame(
        volume_ang=series.ref.source.volume_ang,
        image_ang=(raw.x * angpix, raw.y * angpix),
        size_rounding=size_rounding((raw.x, raw.y), series.pixel),
    )


def reconstruction_settings(
    plan: ExportPlan, series: SeriesPlan, tilt_series: TiltSeries
) -> ReconstructionSettings:
    """How the particles of a series are reconstructed."""
    radius = norm_radius_px(plan.diameter_ang, series.pixel.angpix)
    return ReconstructionSettings(
        angpix=float(series.pixel.angpix),
        box_px=plan.box_px,
        super_box_px=compute_super_box_px(plan, series, tilt_series),
        norm_radius_px=radius if plan.settings.normalize_output else None,
        prerotate=plan.settings.prerotate,
        shift_ang=plan.settings.shift,
        first_tilts=plan.tilt_limit(series.ref.source),
        sparse_ctf=plan.settings.sparse_ctf,
        with_ctf=plan.target.profile != "raw",
        half=may_store_half() and not plan.settings.float32,
    )
