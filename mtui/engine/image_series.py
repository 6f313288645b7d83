"""Image series: what each tilt image shows of a particle, raw or multiplied by its CTF.

Matches M's ``TiltSeries.ReconstructParticleSeries``. Each particle is cut where its trajectory is at the
dose of the tilt. There is no super-box: signal that defocus spreads beyond the box is lost, as there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Float32, Float64, Int

from mtui.engine.batches import pad_tilts
from mtui.engine.ctf import TiltCtfReference, compute_ctf_grids
from mtui.engine.extraction import box_origins, pad_images
from mtui.engine.particle_images import ImageSlots, ImageSource, half_plane_cycles, make_images
from mtui.engine.runtime import fetch, usable_processors
from mtui.engine.series_context import SeriesInput, SeriesModel, ctf_reference
from mtui.errors import EngineError
from mtui.geometry.tilt_ctf import DESELECTED_SCALE, SeriesCtf
from mtui.geometry.tilts import TiltGeometry, positions_in_tilts, tilt_steps

CPU_BATCH_PIXELS, CPU_BATCH_SLOTS = 1 << 19, 256
DEVICE_BATCH_PIXELS, DEVICE_BATCH_SLOTS = 1 << 22, 1024
MOST_BATCHES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class ImageSeriesSettings:
    """How particle images are made, the same for every series of an export."""

    angpix: float  # of the output and of the rescaled images, Å
    box_px: int  # N, even
    premultiply: bool = True  # by the CTF and by the weights of dose and tilt


@dataclass(frozen=True, slots=True, eq=False)
class ImageSeriesContext:
    """A series made ready for its particles; of the images only what the device needs, they are large."""

    series: SeriesModel
    settings: ImageSeriesSettings
    reference: TiltCtfReference
    device: jax.Device
    source: ImageSource


def prepare_image_series(
    series: SeriesInput, settings: ImageSeriesSettings, device: jax.Device | None = None
) -> ImageSeriesContext:
    """Compute what all particle images of a series share, and put it on a device (by default JAX's first).

    Raises EngineError as `prepare_images_on_host`.
    """
    return place_image_series(prepare_images_on_host(series, settings, device))


def place_image_series(context: ImageSeriesContext) -> ImageSeriesContext:
    """Put everything on the context's device, where it takes memory from now on."""
    # Without a program, which would be compiled for each size.
    return replace(context, source=jax.device_put(context.source, context.device))


def prepare_images_on_host(
    series: SeriesInput, settings: ImageSeriesSettings, device: jax.Device | None = None
) -> ImageSeriesContext:
    """Compute what all particle images of a series share, for a device, but in the host's memory.

    Where the device is the host they are placed there as well.

    Raises EngineError if images and geometry do not fit together or the box is not even.
    """
    _check(series, settings)
    device = device or jax.devices()[0]
    reference = ctf_reference(series.model)
    cycles_x, cycles_y = half_plane_cycles(settings.box_px)
    x, y = np.broadcast_arrays(cycles_x, cycles_y[:, None])
    grids = compute_ctf_grids(series.ctf, reference, settings.angpix, x, y)
    weights = compute_exposure_weights(series.geometry, series.ctf, np.hypot(x, y) / settings.angpix)
    source = ImageSource(
        images=pad_images(series.images, settings.box_px),
        phase_turns=pad_tilts(np.asarray(grids.phase_turns)),
        turns_per_um=grids.turns_per_um,
        gain=pad_tilts(np.asarray(grids.unweighted) * weights.astype(np.float32)),
    )
    context = ImageSeriesContext(series.model, settings, reference, device, source)
    return place_image_series(context) if device.platform == "cpu" else context


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
    box_px = context.settings.box_px
    size = slots_per_batch(box_px, context.device.platform)
    slots = _slots(context, coords_ang, particle, tilt)
    images = np.empty((len(particle), box_px, box_px), dtype=np.float32)

    def make(first: int) -> None:
        batch = ImageSlots(*(_padded(values[first : first + size], size) for values in slots))
        made = make_images(context.source, batch, box_px, multiply=context.settings.premultiply)
        (fetched,) = fetch((made,), context.device)
        images[first : first + size] = fetched[: len(images) - first]

    # While one batch is computed, another is fetched; both are small, and their images do not meet.
    with ThreadPoolExecutor(min(usable_processors() + 1, MOST_BATCHES_AT_ONCE), "images") as pool:
        for _ in pool.map(make, range(0, len(particle), size)):
            pass
    return images


def slots_per_batch(box_px: int, platform: str = "cpu") -> int:
    """Images computed at once; the number depends on the box and the kind of device alone.

    On the CPU, so many that overhead is small and a batch with its spectra stays in the caches.
    """
    is_cpu = platform == "cpu"
    pixels, most = (
        (CPU_BATCH_PIXELS, CPU_BATCH_SLOTS) if is_cpu else (DEVICE_BATCH_PIXELS, DEVICE_BATCH_SLOTS)
    )
    fitting = max(1, pixels // box_px**2)
    return min(most, fitting - fitting % 8 or fitting)


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
    if len(values) == size:
        return values
    padded = np.zeros((size, *values.shape[1:]), dtype=values.dtype)
    padded[: len(values)] = values
    return padded


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
