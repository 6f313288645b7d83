"""Rotations of the forward model, built on SciPy's own rotation algebra."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]


def matrices_from_euler(angles_deg: Floats) -> Floats:
    """Matrices (..., 3, 3) that take the map's vectors to the tomogram's, by RELION's angles (..., 3).

    rot, tilt and psi turn the coordinate system about Z, Y and Z one after the other. The vector
    that stays fixed meanwhile is turned the other way, hence the inverse of the intrinsic ZYZ rotation.
    """
    flat = Rotation.from_euler("ZYZ", angles_deg.reshape(-1, 3), degrees=True)
    matrices: Floats = flat.inv().as_matrix()
    return matrices.reshape(*angles_deg.shape[:-1], 3, 3)


def matrices_about(axis: Literal["x", "y", "z"], angles_deg: Floats) -> Floats:
    """Matrices (..., 3, 3) of right-handed rotations of a vector about one axis by angles (...)."""
    flat = Rotation.from_euler(axis, angles_deg.reshape(-1, 1), degrees=True)
    matrices: Floats = flat.as_matrix()
    return matrices.reshape(*angles_deg.shape, 3, 3)


def random_euler(rng: np.random.Generator, count: int) -> Floats:
    """Euler angles (count, 3) of orientations drawn evenly from all rotations, in degrees."""
    rot = rng.uniform(-180, 180, count)
    tilt = np.degrees(np.arccos(rng.uniform(-1, 1, count)))
    psi = rng.uniform(-180, 180, count)
    return np.stack([rot, tilt, psi], axis=-1)
