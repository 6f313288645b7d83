"""Whether positions read from a foreign table can be true: inside of the volume, and one only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.errors import MatchingError
from mtui.model.dialects import COORDINATES, Dialect
from mtui.model.relion_angpix import IMAGE_ANGPIX, RowAngpix, candidate_angpix
from mtui.model.relion_columns import vectors
from mtui.model.relion_positions import Coordinates, Rooms
from mtui.model.relion_table import ParticleTable

Floats = NDArray[np.float64]
MOSTLY = 0.1
"""Where the pixel size is stated, or none is involved, this share of the rows may lie outside."""


def check_inside(
    table: ParticleTable,
    coordinates: Coordinates,
    shifts_ang: Floats,
    rooms: Rooms,
    margin_ang: float,
    *,
    stated: bool,
) -> tuple[str, ...]:
    """Notes about particles outside of their volume by more than a margin.

    Raises:
        MatchingError: with the table's own pixel size any lies outside, or with a stated one more than a
            tenth; names the pixel sizes that could be meant, and how many particles each puts inside.
    """
    outside = _outside(coordinates.positions_ang() - shifts_ang, rooms, margin_ang)
    if not len(outside):
        return ()
    row = outside[0]
    where = ", ".join(f"{value:,.0f}" for value in (coordinates.positions_ang() - shifts_ang)[row])
    size = " x ".join(f"{edge:,.0f}" for edge in rooms.volume_ang[row])
    problem = (
        f"{len(outside):,} of {len(table):,} particles of {table.path} lie outside of the volume with "
        f"{coordinates.used}: the one on line {table.lines[row]} at {where} Å, where the volume is {size} Å"
    )
    tolerable = stated or coordinates.angpix is None
    if tolerable and len(outside) <= MOSTLY * len(table):
        return (f"{problem}.",)
    raise MatchingError(f"{problem}.", _advice(table, coordinates, shifts_ang, rooms, margin_ang))


def stale_notes(table: ParticleTable, dialect: Dialect, rooms: Rooms, used: Coordinates) -> tuple[str, ...]:
    """A note where centred and pixel coordinates of one row are not the same place.

    Programs that do not know centred coordinates, WarpTools among them, pass them on unchanged beside new
    pixel coordinates.
    """
    if dialect is not Dialect.RELION5 or used.angpix is not None or not table.has(*COORDINATES):
        return ()
    pixels = vectors(table, COORDINATES)
    centred_ang = used.positions_ang()
    for angpix in candidate_angpix(table, RowAngpix(np.zeros(len(table)), ""), rooms.source_angpix):
        apart = np.abs(pixels * angpix.values[:, None] - centred_ang) > angpix.values[:, None]
        if not np.any(apart):
            return ()
    flag = f"{table.numbers(IMAGE_ANGPIX)[0]:.7g}" if table.has(IMAGE_ANGPIX) else "N"
    return (
        f"The centred coordinates of {table.path} do not agree with its rlnCoordinateX, Y, Z, whatever the "
        "pixel size: one of them is stale. The centred ones are used, as RELION does; to use the others, "
        f"state their pixel size (--coords-angpix {flag}).",
    )


def _outside(positions_ang: Floats, rooms: Rooms, margin_ang: float) -> NDArray[np.intp]:
    below = positions_ang < -margin_ang
    above = positions_ang > rooms.volume_ang + margin_ang
    return np.flatnonzero(np.any(below | above, axis=1))


def _advice(
    table: ParticleTable, coordinates: Coordinates, shifts_ang: Floats, rooms: Rooms, margin_ang: float
) -> str:
    if coordinates.angpix is None:
        return "Check the volume size in the data source against that of the tomograms of the table."
    candidates = candidate_angpix(table, coordinates.angpix, rooms.source_angpix)
    described = []
    for candidate in (coordinates.angpix, *candidates):
        positions = coordinates.positions_ang(candidate) - shifts_ang
        inside = len(table) - len(_outside(positions, rooms, margin_ang))
        flag = "" if np.ptp(candidate.values) else f": --coords-angpix {candidate.values[0]:.7g}"
        described.append(f"{candidate.used()} puts {inside:,} inside{flag}")
    return f"State the pixel size of the coordinates. {'; '.join(described)}."
