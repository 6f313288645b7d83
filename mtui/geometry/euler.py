"""Rotations: RELION's Euler angles and rotations about the axes, written down once.

All matrices act on column vectors, ``v' = M v``; ``A @ B`` applies B first. Two sign senses meet in a tilt
series and must not be mixed up:

* ``rotate_x/y/z(a)`` are active and right-handed (M: ``Matrix3.RotateX/Y/Z``);
* ``matrix_from_euler`` has the opposite sense: ``Euler(rot, tilt, psi) = Rz(-psi) Ry(-tilt) Rz(-rot)``
  (M: ``Matrix3.Euler``; RELION: ``Euler_angles2matrix``).

A particle's Euler matrix maps vectors of its map to the tomogram.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64

from mtui.geometry.arrays import Array, Floats, Numbers

# Below this sine of the tilt angle, M takes rot and psi for one angle: 16 float32 epsilons.
DEGENERATE_SINE = 16.0 * 1.1920928955078125e-07


def rotate_x(angle_deg: Numbers) -> Float64[Array, "*batch 3 3"]:
    """Right-handed rotation about x by each angle (degrees)."""
    cosine, sine, zero, one = _trigonometry(angle_deg)
    return _matrices([[one, zero, zero], [zero, cosine, -sine], [zero, sine, cosine]])


def rotate_y(angle_deg: Numbers) -> Float64[Array, "*batch 3 3"]:
    """Right-handed rotation about y by each angle (degrees)."""
    cosine, sine, zero, one = _trigonometry(angle_deg)
    return _matrices([[cosine, zero, sine], [zero, one, zero], [-sine, zero, cosine]])


def rotate_z(angle_deg: Numbers) -> Float64[Array, "*batch 3 3"]:
    """Right-handed rotation about z by each angle (degrees)."""
    cosine, sine, zero, one = _trigonometry(angle_deg)
    return _matrices([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]])


def matrix_from_euler(angles_deg: Float[Floats, "*batch 3"]) -> Float64[Array, "*batch 3 3"]:
    """Matrices of RELION Euler angles.

    Parameters
    ----------
    angles_deg
        (..., 3) rot, tilt, psi in degrees.

    Returns
    -------
    (..., 3, 3) matrices ``Rz(-psi) Ry(-tilt) Rz(-rot)``; the third row is the projection direction in the
    frame they turn from.
    """
    angles = np.deg2rad(np.asarray(angles_deg, dtype=np.float64))
    ca, cb, cg = np.moveaxis(np.cos(angles), -1, 0)
    sa, sb, sg = np.moveaxis(np.sin(angles), -1, 0)
    return _matrices(
        [
            [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


def euler_from_matrix(matrices: Float[Floats, "*batch 3 3"]) -> Float64[Array, "*batch 3"]:
    """RELION Euler angles of rotation matrices; inverts ``matrix_from_euler`` up to the choice of angles.

    Follows M's ``Matrix3.EulerFromMatrix``: tilt is always in [0, 180] degrees, so a negative nominal tilt
    comes back positive with rot and psi turned by 180 degrees; where the sine of tilt is at most 1.9e-6, rot
    is 0. Compare matrices, never triples of angles. M gives radians and raises on NaN; here the unit is the
    degree, and NaN gives NaN.

    Parameters
    ----------
    matrices
        (..., 3, 3) rotation matrices.

    Returns
    -------
    (..., 3) rot, tilt, psi in degrees.
    """
    m = np.asarray(matrices, dtype=np.float64)
    sine = np.hypot(m[..., 0, 2], m[..., 1, 2])
    degenerate = sine <= DEGENERATE_SINE
    upright = m[..., 2, 2] > 0.0
    sign = np.where(upright, 1.0, -1.0)
    folded_psi = np.arctan2(-sign * m[..., 1, 0], sign * m[..., 0, 0])
    rot = np.where(degenerate, 0.0, np.arctan2(m[..., 2, 1], m[..., 2, 0]))
    tilt = np.where(degenerate, np.where(upright, 0.0, np.pi), np.arctan2(sine, m[..., 2, 2]))
    psi = np.where(degenerate, folded_psi, np.arctan2(m[..., 1, 2], -m[..., 0, 2]))
    angles: Array = np.rad2deg(np.stack([rot, tilt, psi], axis=-1))
    return angles


def _trigonometry(angle_deg: Numbers) -> tuple[Numbers, ...]:
    angle = np.deg2rad(np.asarray(angle_deg, dtype=np.float64))
    return np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)


def _matrices(rows: Sequence[Sequence[Numbers]]) -> Array:
    matrices: Array = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    return matrices
