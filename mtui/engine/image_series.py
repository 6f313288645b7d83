"""Image series: what each tilt image shows of a particle, raw or multiplied by its CTF.

Matches M's ``TiltSeries.ReconstructParticleSeries``. Each particle is cut where its trajectory is at the
dose of the tilt. There is no super-box: signal that defocus spreads beyond the box is lost, as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Float64, Int

from mtui.engine.ctf import TiltCtfReference, compute_ctf_grids
from mtui.engine.extraction import box_origins
from mtui.engine.particle_images import (
    ImageSlots,
    ImageSource,
    half_plane_cycles,
    make_images,
    repeat_edges,
)
from mtui.engine.series_context import SeriesInput, ctf_reference
from mtui.errors import EngineError
from mtui.geometry.tilt_ctf import DESELECTED_SCALE, SeriesCtf
from mtui.geometry.tilts import TiltGeometry, positions_in_tilts, tilt_steps

SLOT_PIXELS = 1 << 19
MOST_SLOTS = 512


@dataclass(frozen=True, slots=True)
class ImageSeriesSettings:
    """How particle images are made, the same for every series of an export."""

    angpix: float  # of the output and of the rescaled images, Å
    box_px: int  # N, even
    premultiply: bool = True  # by the CTF and by the weights of dose and tilt


@dataclass(frozen=True, slots=True, eq=False)
class ImageSeriesContext:
    """A series made ready for its particles."""

    series: SeriesInput
    settings: ImageSeriesSettings
    reference: TiltCtfReference
    source: ImageSource


def prepare_image_series(series: SeriesInput, settings: ImageSeriesSettings) -> ImageSeriesContext:
    """Compute what all particle images of a series share.

    Raises EngineError if images and geometry do not fit together or the box is not even.
    """
    _check(series, settings)
    reference = ctf_reference(series)
    cycles_x, cycles_y = half_plane_cycles(settings.box_px)
    x, y = np.broadcast_arrays(cycles_x, cycles_y[:, None])
    grids = compute_ctf_grids(series.ctf, reference, settings.angpix, x, y)
    weights = compute_exposure_weights(series.geometry, series.ctf, np.hypot(x, y) / settings.angpix)
    return ImageSeriesContext(
        series=series,
        settings=settings,
        reference=reference,
        source=ImageSource(
            images=repeat_edges(series.images, settings.box_px),
            phase_turns=grids.phase_turns,
            turns_per_um=grids.turns_per_um,
            gain=grids.unweighted * jnp.asarray(weights, dtype=jnp.float32),
        ),
    )


def extract_images(
    context: ImageSeriesContext,
    coords_ang: Float64[np.ndarray, "particle tilt 3"],
    particle: Int[np.ndarray, " image"],
    tilt: Int[np.ndarray, " image"],
) -> Float32[np.ndarray, "image y x"]:
    """Images (n, N, N) of pairs of particle and tilt, in their order.

    Parameters
    ----------
    context
        From ``prepare_image_series``.
    coords_ang
        (P, T, 3) positions in Å at the dose of every tilt of the series, shift included.
    particle, tilt
        (n,) which images to make.
    """
    size = slots_per_batch(context.settings.box_px)
    slots = _slots(context, coords_ang, particle, tilt)
    images = np.empty((len(particle), context.settings.box_px, context.settings.box_px), dtype=np.float32)
    pending: tuple[int, Array] | None = None
    for first in range(0, len(particle), size):
        batch = ImageSlots(*(jnp.asarray(_padded(values[first : first + size], size)) for values in slots))
        started = make_images(
            context.source, batch, context.settings.box_px, multiply=context.settings.premultiply
        )
        _store(images, pending)
        pending = first, started
    _store(images, pending)
    return images


def slots_per_batch(box_px: int) -> int:
    """Images computed at once: a power of two that depends on the box alone, so that results never vary."""
    return min(MOST_SLOTS, 1 << max(0, (SLOT_PIXELS // box_px**2).bit_length() - 1))


def compute_exposure_weights(
    geometry: TiltGeometry, ctf: SeriesCtf, frequency_per_ang: Float64[np.ndarray, "y x_half"]
) -> Float64[np.ndarray, "tilt y x_half"]:
    """What M multiplies into premultiplied images besides the CTF.

    The loss of signal with the dose, ``exp(-dose / 2 / (0.245 k^-1.665 + 2.81))`` (Grant & Grigorieff 2015,
    without its factor for voltage), times the tilt's weight: its cosine or the refined one in the middle of
    the tomogram, 1e-4 for deselected tilts. Refined B-factors take no part: RELION expects this curve.
    """
    with np.errstate(divide="ignore"):
        critical_dose = 0.245 * frequency_per_ang**-1.665 + 2.81
    per_tilt = (slice(None), None, None)
    if ctf.dose_weights.is_single:
        scale = np.cos(np.deg2rad(geometry.angles_deg))
    else:
        scale = ctf.dose_weights.at(0.5, 0.5, tilt_steps(geometry.n_tilts))
    scale = scale * np.where(geometry.use_tilt, 1.0, DESELECTED_SCALE)
    scale = scale * ctf.location_weights.at(0.5, 0.5, 0.5)
    return np.asarray(np.exp(-0.5 * geometry.dose[per_tilt] / critical_dose) * scale[per_tilt])


def _slots(
    context: ImageSeriesContext,
    coords_ang: Float64[np.ndarray, "particle tilt 3"],
    particle: Int[np.ndarray, " image"],
    tilt: Int[np.ndarray, " image"],
) -> tuple[np.ndarray, ...]:
    """The fields of ``ImageSlots`` for all images."""
    series, settings = context.series, context.settings
    positions = positions_in_tilts(series.geometry, series.frame, coords_ang)
    origins = box_origins(positions.xy_ang[particle, tilt] / settings.angpix, settings.box_px)
    defocus_um = positions.defocus_um[particle, tilt] - context.reference.defocus_um[tilt]
    return tilt.astype(np.int32), origins.first_px, origins.residual_px, defocus_um.astype(np.float32)


def _padded(values: np.ndarray, size: int) -> np.ndarray:
    return np.pad(values, [(0, size - len(values))] + [(0, 0)] * (values.ndim - 1))


def _store(images: Float32[np.ndarray, "image y x"], pending: tuple[int, Array] | None) -> None:
    if pending is not None:
        first, started = pending
        count = min(len(started), len(images) - first)
        images[first : first + count] = np.asarray(started)[:count]


def _check(series: SeriesInput, settings: ImageSeriesSettings) -> None:
    if len(series.images) != series.geometry.n_tilts:
        raise EngineError(
            f"Series {series.name} has {len(series.images)} tilt images but {series.geometry.n_tilts} tilts.",
            "Check that every tilt has an average.",
        )
    if settings.box_px % 2 or settings.box_px < 2:
        raise EngineError(
            f"A box of {settings.box_px} px has no pixel in its centre.", "Use an even box of 2 px or more."
        )
