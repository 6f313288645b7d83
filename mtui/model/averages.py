"""How finely the averages of a tilt series are sampled: no export can be finer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from mtui.errors import InputError, ModelError
from mtui.formats.mrc import MrcHeader, read_header
from mtui.model.population import SeriesRef
from mtui.model.remap import Remap
from mtui.model.source import DataSource
from mtui.model.tilt_images import RawSize, locate_tilt_images, raw_size_px
from mtui.model.tilt_series import load_tilt_series

ROUNDING = 1e-3
"""Relative: header pixel sizes are float32, image sizes were rounded to even numbers."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """What the first average of a series says."""

    angpix: float
    """Å per pixel of the averages."""
    raw_is_gone: bool
    """The raw movie is gone, so the average's header had to say how large the raw images were."""
    n_tilts: int
    """Tilts of the series, deselected ones included."""


@lru_cache(maxsize=1024)
def peek_sampling(ref: SeriesRef, remap: tuple[str, ...]) -> Sampling | None:
    """Sampling of a series from its metadata and one header, or None where they cannot be read.

    Remembered: a form asks for it with every key that is typed.
    """
    moved = Remap.parse(remap)
    try:
        series = load_tilt_series(ref, moved)
        images = locate_tilt_images(series, moved)
        raw = raw_size_px(series, ref.source, images)
        angpix = averages_angpix(ref.source, raw, read_header(images[0].average))
        return Sampling(angpix, raw.from_average, series.n_tilts)
    except InputError:
        return None


def averages_angpix(source: DataSource, raw: RawSize, average: MrcHeader) -> float:
    """Pixel size of averages: they show the field of view of the raw images with fewer pixels."""
    return raw.x * float(source.angpix) / average.size_px[0]


def refuse_finer(requested: Decimal, ref: SeriesRef, angpix: float) -> None:
    """Refuse an output pixel below the averages'; raises ModelError."""
    if float(requested) < angpix * (1 - ROUNDING):
        raise ModelError(
            f"The output pixel of {requested} Å is below that of the averages, {angpix:.4f} Å in source "
            f"{ref.source.name!r} (series {ref.root}).",
            f"Use --angpix {angpix:.4f} or more, or make finer averages in Warp.",
        )


def refuse_finer_than_averages(requested: Decimal, refs: Sequence[SeriesRef], remap: tuple[str, ...]) -> None:
    """Check the first series of each source; those that cannot be read are left to the export itself.

    Raises:
        ModelError: the output pixel is below that of the averages, with the limit.
    """
    for ref in first_of_sources(refs):
        sampling = peek_sampling(ref, remap)
        if sampling is not None:
            refuse_finer(requested, ref, sampling.angpix)


def first_of_sources(refs: Sequence[SeriesRef]) -> list[SeriesRef]:
    """The first of the series of each source."""
    first: dict[str, SeriesRef] = {}
    for ref in refs:
        first.setdefault(ref.source.guid, ref)
    return list(first.values())
