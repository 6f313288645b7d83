"""Poses of particles in every tilt, on the host, and what the compiled programs take of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int

from mtui.engine.batches import pad_tilts
from mtui.engine.ctf import ParticleCtf
from mtui.engine.extraction import box_origins, outside_image
from mtui.engine.series_context import SeriesContext
from mtui.engine.slices import FixedInsertion
from mtui.engine.tilt_samples import SliceParticles
from mtui.geometry.tilt_ctf import compute_tilt_ctf, dose_limit_weights
from mtui.geometry.tilts import particle_matrices, positions_in_tilts, tilt_matrices
from mtui.geometry.trajectories import dose_steps, resample, shift_trajectories


class Trajectories(NamedTuple):
    """Poses of particles at the dose of every tilt, tilts in the order of the XML."""

    coords_ang: Float64[np.ndarray, "particle tilt 3"]  # shifted, if a shift is set
    angles_deg: Float64[np.ndarray, "particle tilt 3"]  # absolute Euler angles


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Some particles of a series."""

    trajectories: Trajectories
    tilts_over_edge: Int[np.ndarray, " particle"]  # tilts in which the box reaches over the image's edge
    tilts_outside: Int[np.ndarray, " particle"]  # tilts in which it misses the image
    particles: SliceParticles  # tilts padded
    matrices: Float[np.ndarray, "tilt particle 3 3"] | None  # volume to image, where they differ

    def __len__(self) -> int:
        """Particles."""
        return len(self.tilts_outside)

    def cut(self, part: slice) -> Poses:
        """Some of the particles."""
        particles = SliceParticles(
            self.particles.first_px[:, part],
            self.particles.residual_x_px[:, part],
            self.particles.residual_y_px[:, part],
            ParticleCtf(*(field[:, part] for field in self.particles.ctf)),
        )
        return Poses(
            Trajectories(*(values[part] for values in self.trajectories)),
            self.tilts_over_edge[part],
            self.tilts_outside[part],
            particles,
            None if self.matrices is None else self.matrices[:, part],
        )


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


def compute_poses(
    context: SeriesContext,
    positions_ang: Float[np.ndarray, "particle key 3"],
    angles_deg: Float[np.ndarray, "particle angle_key 3"],
) -> Poses:
    """Where particles are in every tilt, and their CTFs there, tilt by tilt as the programs take them.

    As M's ``GetImagesForOneParticle`` (boxes at whole pixels, and the rest of the position) and
    ``GetCTFsForOneParticle``; CTFs as differences to the series' reference. Positions (P, K, 3) are in Å at
    K key frames, Euler angles (P, R, 3) in degrees at R.
    """
    series, settings, reference = context.series, context.settings, context.reference
    trajectories = compute_trajectories(context, positions_ang, angles_deg)
    coords = trajectories.coords_ang
    positions = positions_in_tilts(series.geometry, series.frame, coords)
    ctf = compute_tilt_ctf(series.geometry, series.ctf, series.frame, coords, positions.defocus_um)
    scale = ctf.scale * dose_limit_weights(series.geometry, settings.first_tilts)
    positions_px = positions.xy_ang / settings.angpix
    origins = box_origins(positions_px, settings.super_box_px)
    final = box_origins(positions_px, settings.box_px)
    partly, wholly = outside_image(final, settings.box_px, series.image_px)
    particles = SliceParticles(
        first_px=_tilts_first(origins.first_px),
        residual_x_px=_tilts_first(origins.residual_px[..., 0]),
        residual_y_px=_tilts_first(origins.residual_px[..., 1]),
        ctf=ParticleCtf(
            defocus_um=_tilts_first(ctf.defocus_um - reference.defocus_um),
            scale=_tilts_first(scale if settings.with_ctf else np.ones_like(scale)),
            bfactor_ang2=_tilts_first(ctf.bfactor_ang2 - reference.bfactor_ang2),
        ),
    )
    rotated = not isinstance(context.insertion, FixedInsertion)
    matrices = _tilts_first(_matrices(context, trajectories)) if rotated else None
    return Poses(trajectories, partly.sum(axis=1), wholly.sum(axis=1), particles, matrices)


def pad_particles(values: np.ndarray, slots: int) -> np.ndarray:
    """(T, slots, ...) of (T, P, ...), padded with zeros to a compiled shape."""
    missing = slots - values.shape[1]
    return np.pad(values, [(0, 0), (0, missing)] + [(0, 0)] * (values.ndim - 2)) if missing else values


def _matrices(context: SeriesContext, trajectories: Trajectories) -> Float64[np.ndarray, "particle tilt 3 3"]:
    """Volume to image for every particle and tilt; the particles' angles count with pre-rotation alone."""
    geometry, frame = context.series.geometry, context.series.frame
    if not context.settings.prerotate:
        return tilt_matrices(geometry, frame, trajectories.coords_ang)
    return particle_matrices(geometry, frame, trajectories.coords_ang, trajectories.angles_deg)


def _tilts_first(values: np.ndarray) -> np.ndarray:
    """(T padded, P, ...) of (P, T, ...), numbers in float32."""
    values = np.swapaxes(values, 0, 1)
    return pad_tilts(values if values.dtype.kind == "i" else values.astype(np.float32))
