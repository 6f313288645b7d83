"""Orientations of a foreign table, sub-tomogram angles folded in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.geometry.euler import euler_from_matrix, matrix_from_euler
from mtui.model.relion_columns import ANGLES, SUBTOMOGRAM, vectors
from mtui.model.relion_table import ParticleTable

Floats = NDArray[np.float64]


def subtomogram_matrices(table: ParticleTable) -> Floats | None:
    """``(N, 3, 3)`` rotations from each sub-tomogram to the tomogram; None where all are the identity."""
    if not any(table.has(name) for name in SUBTOMOGRAM):
        return None
    angles_deg = vectors(table, SUBTOMOGRAM)
    return matrix_from_euler(angles_deg) if np.any(angles_deg) else None


def compose_angles(
    table: ParticleTable, subtomogram: Floats | None, *, ignored: bool = False
) -> tuple[Floats, str]:
    """Angles ``(N, 3)`` rot, tilt, psi in degrees from particle to tomogram, and where they come from.

    As in RELION the rotation is ``A_subtomogram A_particle``; a table without angles, or whose angles are
    ``ignored``, has zeros for the latter.
    """
    if ignored:
        return np.zeros((len(table), 3)), "0, as stated"
    words = ", ".join(ANGLES)
    if any(table.has(name) for name in ANGLES):
        angles_deg = vectors(table, ANGLES)
    else:
        angles_deg, words = np.zeros((len(table), 3)), "none in the table, so 0"
    if subtomogram is None:
        return angles_deg, words
    composed = euler_from_matrix(subtomogram @ matrix_from_euler(angles_deg))
    return composed, f"{words}, within sub-tomograms turned by {SUBTOMOGRAM[0]}, Tilt, Psi"
