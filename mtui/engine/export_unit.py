"""The unit of work: particles of one tilt series in, sub-tomograms and 3D CTFs out, slice by slice."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Float16, Float32, Int

from mtui.engine.batches import POSES_AT_ONCE, slots_for
from mtui.engine.halves import Images, join_images, round_to_half
from mtui.engine.poses import Poses, Trajectories, compute_poses, pad_particles
from mtui.engine.runtime import fetch
from mtui.engine.series_context import SeriesContext
from mtui.engine.slices import FixedInsertion, reconstruct_fixed, reconstruct_rotated
from mtui.errors import EngineError


@dataclass(frozen=True, slots=True, eq=False)
class UnitResult:
    """One slice of particles."""

    first: int  # index of the first particle
    volumes: Float32[np.ndarray, "particle z y x"]
    ctfs: Float32[np.ndarray, "particle z y x_half"]
    trajectories: Trajectories
    tilts_over_edge: Int[np.ndarray, " particle"]  # tilts in which the box reaches over the image's edge
    tilts_outside: Int[np.ndarray, " particle"]  # tilts in which it misses the image
    half_volumes: Float16[np.ndarray, "particle z y x"] | None = None
    half_ctfs: Float16[np.ndarray, "particle z y x_half"] | None = None
    """The same numbers, where the settings ask for it and all of the slice's fit."""


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
    following = (
        pool.submit(_export_slice, context, first, poses)
        for first, poses in _cut_slices(context, positions_ang, angles_deg)
    )
    pending = deque(itertools.islice(following, context.in_flight + 1))
    return _in_order(pool, pending, following)


def _cut_slices(
    context: SeriesContext,
    positions_ang: Float[np.ndarray, "particle key 3"],
    angles_deg: Float[np.ndarray, "particle angle_key 3"],
) -> Iterator[tuple[int, Poses]]:
    """First particle and poses of every slice; those of several slices are computed at once."""
    for start in range(0, len(positions_ang), POSES_AT_ONCE):
        part = slice(start, start + POSES_AT_ONCE)
        poses = compute_poses(context, positions_ang[part], angles_deg[part])
        for first in range(0, len(poses), context.slots):
            yield start + first, poses.cut(slice(first, first + context.slots))


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


def _export_slice(context: SeriesContext, first: int, poses: Poses) -> UnitResult:
    slots = min(context.fitting.slots, slots_for(len(poses), context.slots, context.device.platform))
    volumes, ctfs = _reconstruct(context, poses, slots)
    return UnitResult(
        first,
        volumes.values,
        ctfs.values,
        poses.trajectories,
        poses.tilts_over_edge,
        poses.tilts_outside,
        volumes.half,
        ctfs.half,
    )


def _reconstruct(context: SeriesContext, poses: Poses, slots: int) -> tuple[Images, Images]:
    """Volumes and CTFs of some particles, ``slots`` at once, or halves of that where memory is too small."""
    if len(poses) > slots:
        return _reconstruct_in_parts(context, poses, slots)
    try:
        return _reconstruct_at_once(context, poses, slots)
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
    return _reconstruct_in_parts(context, poses, slots // 2)


def _reconstruct_in_parts(context: SeriesContext, poses: Poses, slots: int) -> tuple[Images, Images]:
    parts = [
        _reconstruct(context, poses.cut(slice(first, first + slots)), slots)
        for first in range(0, len(poses), slots)
    ]
    return join_images([part[0] for part in parts]), join_images([part[1] for part in parts])


def _reconstruct_at_once(context: SeriesContext, poses: Poses, slots: int) -> tuple[Images, Images]:
    particles, matrices = jax.tree.map(
        lambda values: pad_particles(values, slots), (poses.particles, poses.matrices)
    )
    if isinstance(context.insertion, FixedInsertion):
        results = reconstruct_fixed(
            context.shared, context.insertion, particles, context.finishing, context.shape
        )
    else:
        shape = context.shape._replace(lanes=min(context.shape.lanes, slots))
        results = reconstruct_rotated(
            context.shared, context.insertion, particles, matrices, context.finishing, shape
        )
    # Rounded before the padding is cut off, so that this too is one program.
    volumes, ctfs = (
        round_to_half(values, len(poses)) if context.settings.half else Images(values)
        for values in fetch(results, context.device)
    )
    return volumes.cut(len(poses)), ctfs.cut(len(poses))
