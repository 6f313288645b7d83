"""Particles of a foreign table: position, orientation and half-set of each row, and how it was understood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.model.dialects import IN_ANG, Detection, Dialect, UsedAngpix
from mtui.model.relion_angles import compose_angles, subtomogram_matrices
from mtui.model.relion_checks import check_inside, stale_notes
from mtui.model.relion_columns import halves
from mtui.model.relion_notes import table_notes, table_warnings
from mtui.model.relion_positions import Rooms, Stated, compute_shifts, place_coordinates
from mtui.model.relion_table import ParticleTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RelionParticles:
    """Rows of a foreign table in M's terms."""

    positions_ang: Floats
    """``(N, 3)`` Å from the corner of the volume."""
    angles_deg: Floats
    """``(N, 3)`` rot, tilt, psi from particle to tomogram."""
    half: NDArray[np.int8]
    """``(N,)`` 0 or 1."""
    extra: tuple[tuple[str, NDArray[np.str_]], ...]
    """Columns that are neither RELION's nor Warp's."""
    detection: Detection


def convert_particles(
    table: ParticleTable, dialect: Dialect, rooms: Rooms, stated: Stated, margin_ang: float
) -> RelionParticles:
    """Positions, angles and half-sets of all rows of a table.

    With ``A`` the rotation of the sub-tomogram (the identity outside of RELION 4 and 5):
    position = coordinate - A origin, orientation = A Euler(rot, tilt, psi), as RELION reads them. M ignores
    ``A`` and knows no centred coordinates. Particles may lie outside of the volume by ``margin_ang``.

    Raises:
        FormatError: columns that are missing; values that are not finite, half-sets other
            than 1 and 2, pixel sizes that are missing or not above zero, each with its line.
        MatchingError: the pixel size puts particles outside of the volume.
    """
    coordinates = place_coordinates(table, dialect, rooms, stated)
    origins_ang, shifts = compute_shifts(table, coordinates, dialect, stated)
    subtomogram = None if stated.angles in ("particle", "none") else subtomogram_matrices(table)
    if subtomogram is not None:
        origins_ang = np.einsum("nij,nj->ni", subtomogram, origins_ang)
    angles_deg, words = compose_angles(table, subtomogram, ignored=stated.angles == "none")
    warnings = (
        *stale_notes(table, dialect, rooms, coordinates),
        *check_inside(
            table, coordinates, origins_ang, rooms, margin_ang, stated=stated.coordinates is not None
        ),
        *table_warnings(table, dialect),
    )
    return RelionParticles(
        coordinates.positions_ang() - origins_ang,
        angles_deg,
        halves(table),
        tuple((name, table.texts(name)) for name in table.columns if _is_extra(name)),
        Detection(
            dialect,
            coordinates.used,
            shifts,
            coordinates.centre,
            words,
            table_notes(table, dialect),
            warnings,
        ),
    )


def m_detection() -> Detection:
    """How every particle table of M is understood."""
    in_ang = UsedAngpix((), IN_ANG)
    return Detection(
        Dialect.M, in_ang, UsedAngpix((), "none"), "the corner of the volume", "wrpAngleRot, Tilt, Psi"
    )


def _is_extra(name: str) -> bool:
    return not name.startswith(("rln", "wrp"))
