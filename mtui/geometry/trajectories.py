"""Particles that move: poses at key frames of the exposure, and poses at the dose of every tilt."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from mtui.geometry.arrays import Array, Floats
from mtui.geometry.euler import matrix_from_euler


def dose_steps(dose: Float[Floats, " tilt"]) -> Float64[Array, " tilt"]:
    """Exposure of each tilt between 0 (lowest dose) and 1 (highest): the time axis of trajectories and warps.

    Where all doses are equal (or there is one tilt), M divides by zero and loses every position; here all
    steps are 0.
    """
    dose = np.asarray(dose, dtype=np.float64)
    span = np.ptp(dose)
    return (dose - dose.min()) / span if span > 0.0 else np.zeros_like(dose)


def resample(
    keys: Float[Floats, "particle key component"], steps: Float[Floats, " step"]
) -> Float64[Array, "particle step component"]:
    """Poses at each step from key frames spread evenly over [0, 1] of the dose, by PCHIP per component.

    Matches M's ``Particle.GetCoordinateSeries`` and ``GetAngleSeries`` (``Cubic1D``): Fritsch and Butland's
    monotone cubic with the three-point end slopes of MATLAB's pchip; one key frame is constant, two a
    straight line. Like M, Euler angles are interpolated one by one and not unwrapped: from 179 to -179
    degrees they pass 0.

    Parameters
    ----------
    keys
        (P, K, C) positions in Å or angles in degrees at K key frames.
    steps
        (S,) where to interpolate; outside [0, 1] the end polynomial goes on.

    Returns
    -------
    (P, S, C) in the unit of ``keys``.
    """
    poses = np.asarray(keys, dtype=np.float64)
    count = poses.shape[1]
    if count == 1:
        return np.repeat(poses, len(steps), axis=1)
    position = np.asarray(steps, dtype=np.float64) * (count - 1)
    piece = np.clip(np.floor(position), 0, count - 2).astype(np.intp)
    t = (position - piece)[:, None]
    rise = np.diff(poses, axis=1)
    slope = _pchip_slopes(rise)
    start, end, chord = slope[:, piece], slope[:, piece + 1], rise[:, piece]
    bend = start + end - 2.0 * chord
    result: Array = poses[:, piece] + t * (start + t * (chord - start - bend + t * bend))
    return result


def resample_keys(
    keys: Float[Floats, "particle key component"], count: int
) -> Float64[Array, "particle count component"]:
    """The same trajectories with another number of key frames; key frame 0 stays exactly as it is.

    Matches M's ``Particle.ResampleCoordinates`` and ``ResampleAngles``.
    """
    if count == keys.shape[1]:
        return np.asarray(keys, dtype=np.float64)
    return resample(keys, np.arange(count) / max(1, count - 1))


def shift_trajectories(
    coords_ang: Float[Floats, "particle tilt 3"],
    angles_deg: Float[Floats, "particle tilt 3"],
    shift_ang: tuple[float, float, float],
) -> Float64[Array, "particle tilt 3"]:
    """Move every box centre by a vector given in the frame of the species' map.

    Like M's export dialog, the rotation is that of **tilt index 0** (first line of the XML, usually not the
    lowest dose) for all tilts. M's species shift takes key frame 0 instead.

    Parameters
    ----------
    coords_ang, angles_deg
        (P, T, 3) trajectories at the dose of each tilt: positions in Å, Euler angles in degrees.
    shift_ang
        x, y, z in Å; the point at ``+shift`` from the map's centre becomes the centre.

    Returns
    -------
    (P, T, 3) positions in Å.
    """
    rotated = matrix_from_euler(angles_deg[:, 0]) @ np.asarray(shift_ang, dtype=np.float64)
    return np.asarray(coords_ang, dtype=np.float64) + rotated[:, None]


def _pchip_slopes(rise: Array) -> Array:
    """Slopes (P, K, C) per key-frame interval from the differences of neighbouring keys (P, K - 1, C)."""
    if rise.shape[1] == 1:
        return np.repeat(rise, 2, axis=1)
    before, after = rise[:, :-1], rise[:, 1:]
    same_sign = np.sign(before) * np.sign(after) > 0.0
    # Harmonic mean, ordered so that neither product nor reciprocal can overflow.
    total = np.where(same_sign, before + after, 1.0)
    inner = np.where(same_sign, 2.0 * before * (after / total), 0.0)
    first = _pchip_end_slope(rise[:, 0], rise[:, 1])
    last = _pchip_end_slope(rise[:, -1], rise[:, -2])
    return np.concatenate([first[:, None], inner, last[:, None]], axis=1)


def _pchip_end_slope(outer: Array, inner: Array) -> Array:
    slope = 1.5 * outer - 0.5 * inner
    steep = (np.sign(outer) != np.sign(inner)) & (np.abs(slope) > 3.0 * np.abs(outer))
    return np.where(np.sign(slope) != np.sign(outer), 0.0, np.where(steep, 3.0 * outer, slope))
