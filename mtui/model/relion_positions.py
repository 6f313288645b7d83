"""Positions of a foreign table in Å from the corner of the volume."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.model.dialects import CENTRED, COORDINATES, IN_ANG, Dialect, UsedAngpix
from mtui.model.relion_angpix import RowAngpix, coordinate_angpix, stated_angpix
from mtui.model.relion_columns import ORIGINS_ANG, ORIGINS_PX, vectors
from mtui.model.relion_table import ParticleTable

Floats = NDArray[np.float64]
CORNER = "the corner of the volume"
MIDDLE = "the middle of the volume (size / 2)"


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user says about a table; it wins over what the table says."""

    coordinates: float | None = None
    """Å per pixel of the coordinates."""
    shifts: float | None = None
    """Å per pixel of the origins."""
    centre: str | None = None
    """``corner`` or ``middle`` of the volume, where coordinates are counted from."""
    angles: str | None = None
    """``composed`` with the sub-tomogram's rotation, the ``particle``'s own, or ``none``."""
    offset_ang: float = 0.0
    """Added to x, y and z of every position."""


@dataclass(frozen=True, slots=True, eq=False)
class Rooms:
    """The volumes that the rows of a table lie in."""

    volume_ang: Floats
    """``(N, 3)`` size x, y, z in Å."""
    source_angpix: float
    """Å per unbinned pixel of the first row's data source."""


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """Coordinates before the shifts."""

    values: Floats
    """``(N, 3)`` in pixels, in Å where ``angpix`` is None, or as fractions of the volume."""
    angpix: RowAngpix | None
    from_ang: Floats | float
    """What is added: half the volume where coordinates are centred."""
    used: UsedAngpix
    centre: str

    def positions_ang(self, angpix: RowAngpix | None = None) -> Floats:
        """``(N, 3)`` Å from the corner, with another pixel size if one is given."""
        angpix = angpix or self.angpix
        scaled = self.values if angpix is None else self.values * angpix.values[:, None]
        return scaled + self.from_ang


def place_coordinates(table: ParticleTable, dialect: Dialect, rooms: Rooms, stated: Stated) -> Coordinates:
    """Coordinates of a dialect, counted from where the user says if they do; see `dialect_coordinates`.

    An offset is for tables whose middle is not size / 2: RELION's own picker takes size / 2 - 1.
    """
    found = dialect_coordinates(table, dialect, rooms, stated)
    if stated.centre == "corner":
        found = replace(found, from_ang=0.0, centre=f"{CORNER}, as stated")
    elif stated.centre == "middle":
        found = replace(found, from_ang=rooms.volume_ang / 2, centre=f"{MIDDLE}, as stated")
    if stated.offset_ang:
        moved = found.from_ang + stated.offset_ang
        return replace(found, from_ang=moved, centre=f"{found.centre}, {stated.offset_ang:+g} Å as stated")
    return found


def dialect_coordinates(table: ParticleTable, dialect: Dialect, rooms: Rooms, stated: Stated) -> Coordinates:
    """Coordinates of a dialect.

    RELION 5 counts from the middle of the volume (size / 2), and its centred coordinates win over pixel
    coordinates that may be there too, unless the user states a pixel size for the latter. Template matching
    gives fractions of the volume.

    Raises:
        FormatError: see `relion_columns.vectors`, `relion_angpix.coordinate_angpix`; a pixel size is stated
            for coordinates that are in Å.
    """
    if dialect is Dialect.NORMALISED:
        used = UsedAngpix((), "fractions of the volume")
        return Coordinates(vectors(table, COORDINATES) * rooms.volume_ang, None, 0.0, used, CORNER)
    if dialect is Dialect.RELION5 and (stated.coordinates is None or not table.has(*COORDINATES)):
        if stated.coordinates is not None:
            raise FormatError(
                f"{table.path} has its coordinates in Å ({CENTRED[0]}), which no pixel size can scale.",
                "Leave out --coords-angpix.",
            )
        return Coordinates(
            vectors(table, CENTRED), None, rooms.volume_ang / 2, UsedAngpix((), IN_ANG), MIDDLE
        )
    values = vectors(table, COORDINATES, z_optional=dialect in (Dialect.RELION30, Dialect.RELION31))
    angpix = coordinate_angpix(table, dialect, stated.coordinates)
    return Coordinates(values, angpix, 0.0, angpix.used(), CORNER)


def compute_shifts(
    table: ParticleTable, coordinates: Coordinates, dialect: Dialect, stated: Stated
) -> tuple[Floats, UsedAngpix]:
    """Origins ``(N, 3)`` in Å in the frame of the particle's image, and what scaled them.

    A position is the coordinate minus this. Origins in pixels win in RELION 3.0's layout, as in M, those in
    Å elsewhere.
    """
    has_px, has_ang = table.has(ORIGINS_PX[0]), table.has(ORIGINS_ANG[0])
    if has_px and (dialect is Dialect.RELION30 or not has_ang):
        angpix = _shift_angpix(table, coordinates, dialect, stated)
        return vectors(table, ORIGINS_PX, z_optional=True) * angpix.values[:, None], angpix.used()
    if has_ang:
        factor = 1.0 if stated.shifts is None else stated.shifts
        used = UsedAngpix((factor,), IN_ANG if stated.shifts is None else "as stated")
        return vectors(table, ORIGINS_ANG, z_optional=True) * factor, used
    return np.zeros((len(table), 3)), UsedAngpix((), "none in the table")


def _shift_angpix(
    table: ParticleTable, coordinates: Coordinates, dialect: Dialect, stated: Stated
) -> RowAngpix:
    """The pixel size of origins in pixels: stated, else the table's own, else that of the coordinates."""
    if stated.shifts is not None:
        return stated_angpix(table, stated.shifts)
    try:
        return coordinate_angpix(table, dialect, None)
    except FormatError:
        if coordinates.angpix is None:
            raise
        return coordinates.angpix
