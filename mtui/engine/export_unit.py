"""The unit of work: particles of one tilt series in, sub-tomograms and 3D CTFs out, slice by slice."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Float32, Float64, Int

from mtui.engine.batches import padded_tilts, slots_for
from mtui.engine.ctf import ParticleCtf
from mtui.engine.extraction import box_origins, outside_image
from mtui.engine.series_context import SeriesContext
from mtui.engine.slices import FixedInsertion, reconstruct_fixed, reconstruct_rotated
from mtui.engine.tilt_samples import SliceParticles
from mtui.errors import EngineError
from mtui.geometry.tilt_ctf import compute_tilt_ctf, dose_limit_weights
from mtui.geometry.tilts import TiltPositions, particle_matrices, positions_in_tilts, tilt_matrices
from mtui.geometry.trajectories import dose_steps, resample, shift_trajectories


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Poses of particles at the dose of every tilt, tilts in the order of the XML."""

    coords_ang: Float64[np.ndarray, "particle tilt 3"]  # shifted, if a shift is set
    angles_deg: Float64[np.ndarray, "particle tilt 3"]  # absolute Euler angles


@dataclass(frozen=True, slots=True, eq=False)
class UnitResult:
    """One slice of particles."""

    first: int  # index of the first particle
    volumes: Float32[np.ndarray, "particle z y x"]
    ctfs: Float32[np.ndarray, "particle z y x_half"]
    trajectories: Trajectories
    tilts_over_edge: Int[np.ndarray, " particle"]  # tilts in which the box reaches over the image's edge
    tilts_outside: Int[np.ndarray, " particle"]  # tilts in which it misses the image


def compute_trajectories(
    context: SeriesContext,
    positions_ang: Float[np.ndarray, "particle key 3"],
    angles_deg: Float[np.ndarray, "particle angle_key 3"],
) -> Trajectories:
    """Interpolate key frames at the dose of every tilt and shift them (M: ``DialogTomoParticleExport``)."""
    steps = dose_steps(context.series.geometry.dose)
    coords, angles = resample(positions_ang, steps), resample(angles_deg, steps)
    if context.settings.shift_ang is not None:
        coords = shift_trajectories(coords, angles, context.settings.shift_ang)
    return Trajectories(coords, angles)


def export_unit(
    context: SeriesContext,
    positions_ang: Float[np.ndarray, "particle key 3"],
    angles_deg: Float[np.ndarray, "particle angle_key 3"],
) -> Iterator[UnitResult]:
    """Reconstruct particles of one series, a slice at a time, in order; the next slices compute meanwhile.

    The first slices are begun at once, before anything is asked for. Particles outside the images are
    exported as in M (the image's edge repeats) and counted in the result. Without pre-rotation the angles
    matter for the shift alone.

    Iterating raises EngineError if not even one particle fits into the device's memory.

    Parameters
    ----------
    context
        From ``prepare_series``.
    positions_ang
        (P, K, 3) positions in Å at K key frames.
    angles_deg
        (P, R, 3) Euler angles in degrees at R key frames.
    """
    pool = ThreadPoolExecutor(context.in_flight, "slice")
    starts = iter(range(0, len(positions_ang), context.slots))

    def submit(first: int) -> Future[UnitResult]:
        part = slice(first, first + context.slots)
        return pool.submit(_export_slice, context, first, positions_ang[part], angles_deg[part])

    pending = deque(submit(first) for first in itertools.islice(starts, context.in_flight + 1))
    return _in_order(pool, pending, map(submit, starts))


def _in_order(
    pool: ThreadPoolExecutor, pending: deque[Future[UnitResult]], following: Iterator[Future[UnitResult]]
) -> Iterator[UnitResult]:
    """Results as they are asked for; another slice is submitted for each one that is handed out."""
    with pool:
        try:
            while pending:
                result = pending.popleft().result()
                pending.extend(itertools.islice(following, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _export_slice(
    context: SeriesContext,
    first: int,
    positions_ang: Float[np.ndarray, "particle key 3"],
    angles_deg: Float[np.ndarray, "particle angle_key 3"],
) -> UnitResult:
    trajectories = compute_trajectories(context, positions_ang, angles_deg)
    positions = positions_in_tilts(context.series.geometry, context.series.frame, trajectories.coords_ang)
    slots = min(context.fitting.slots, slots_for(len(positions_ang), context.slots, context.device.platform))
    volumes, ctfs = _reconstruct(context, trajectories, positions, slots)
    box_px, (height, width) = context.settings.box_px, context.series.images.shape[1:]
    origins = box_origins(positions.xy_ang / context.settings.angpix, box_px)
    partly, wholly = outside_image(origins, box_px, (width, height))
    return UnitResult(first, volumes, ctfs, trajectories, partly.sum(axis=1), wholly.sum(axis=1))


def _reconstruct(
    context: SeriesContext, trajectories: Trajectories, positions: TiltPositions, slots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Volumes and CTFs of some particles, ``slots`` at once, or halves of that where memory is too small."""
    if len(positions.xy_ang) > slots:
        return _reconstruct_in_parts(context, trajectories, positions, slots)
    try:
        return _reconstruct_at_once(context, trajectories, positions, slots)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        context.fitting.slots = min(context.fitting.slots, max(1, slots // 2))
        if slots == 1:
            raise EngineError(
                f"A box of {context.settings.super_box_px} px does not fit into the memory of "
                f"{context.device}.",
                "Use a smaller box or a larger output pixel.",
            ) from error
    return _reconstruct_in_parts(context, trajectories, positions, slots // 2)


def _reconstruct_in_parts(
    context: SeriesContext, trajectories: Trajectories, positions: TiltPositions, slots: int
) -> tuple[np.ndarray, np.ndarray]:
    parts = [
        _reconstruct(
            context,
            Trajectories(trajectories.coords_ang[part], trajectories.angles_deg[part]),
            TiltPositions(positions.xy_ang[part], positions.defocus_um[part]),
            slots,
        )
        for part in (slice(first, first + slots) for first in range(0, len(positions.xy_ang), slots))
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _reconstruct_at_once(
    context: SeriesContext, trajectories: Trajectories, positions: TiltPositions, slots: int
) -> tuple[np.ndarray, np.ndarray]:
    particles = _slice_particles(context, trajectories, positions, slots)
    if isinstance(context.insertion, FixedInsertion):
        volumes, ctfs = reconstruct_fixed(
            context.shared, context.insertion, particles, context.finishing, context.shape
        )
    else:
        matrices = _tilts_first(_matrices(context, trajectories), slots)
        shape = context.shape._replace(lanes=min(context.shape.lanes, slots))
        volumes, ctfs = reconstruct_rotated(
            context.shared, context.insertion, particles, matrices, context.finishing, shape
        )
    count = len(positions.xy_ang)
    return np.asarray(volumes)[:count], np.asarray(ctfs)[:count]


def _slice_particles(
    context: SeriesContext, trajectories: Trajectories, positions: TiltPositions, slots: int
) -> SliceParticles:
    series, settings, reference = context.series, context.settings, context.reference
    ctf = compute_tilt_ctf(
        series.geometry, series.ctf, series.frame, trajectories.coords_ang, positions.defocus_um
    )
    origins = box_origins(positions.xy_ang / settings.angpix, settings.super_box_px)
    scale = ctf.scale * dose_limit_weights(series.geometry, settings.first_tilts)
    scale = scale if settings.with_ctf else np.ones_like(scale)
    return SliceParticles(
        first_px=_tilts_first(origins.first_px, slots),
        residual_x_px=_tilts_first(origins.residual_px[..., 0], slots),
        residual_y_px=_tilts_first(origins.residual_px[..., 1], slots),
        ctf=ParticleCtf(
            defocus_um=_tilts_first(ctf.defocus_um - reference.defocus_um, slots),
            scale=_tilts_first(scale, slots),
            bfactor_ang2=_tilts_first(ctf.bfactor_ang2 - reference.bfactor_ang2, slots),
        ),
    )


def _matrices(context: SeriesContext, trajectories: Trajectories) -> Float64[np.ndarray, "particle tilt 3 3"]:
    """Volume to image for every particle and tilt; the particles' angles count with pre-rotation alone."""
    geometry, frame = context.series.geometry, context.series.frame
    if not context.settings.prerotate:
        return tilt_matrices(geometry, frame, trajectories.coords_ang)
    return particle_matrices(geometry, frame, trajectories.coords_ang, trajectories.angles_deg)


def _tilts_first(values: np.ndarray, slots: int) -> np.ndarray:
    """(T padded, slots, ...) of (P, T, ...), padded with zeros to the compiled shape."""
    missing = [(0, padded_tilts(values.shape[1]) - values.shape[1]), (0, slots - len(values))]
    padded = np.pad(np.swapaxes(values, 0, 1), missing + [(0, 0)] * (values.ndim - 2))
    return padded if padded.dtype.kind == "i" else padded.astype(np.float32)
