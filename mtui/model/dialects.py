"""The dialects of particle tables, which one a table is written in, and what was decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from mtui.errors import FormatError
from mtui.model.relion_table import ParticleTable

COORDINATES = ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")
CENTRED = ("rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst")
TOMO_NAME, TOMO_ANGPIX = "rlnTomoName", "rlnTomoTiltSeriesPixelSize"
IN_ANG = "in Å"
_ANY_ANGPIX = ("PixelSize", "rlnMagnification")


class Dialect(Enum):
    """Who writes such tables; the value is the name that people read."""

    M = "M particle table"
    RELION30 = "RELION 3.0 table (M and WarpTools --3d write it too)"
    RELION31 = "RELION 3.1 tables (optics and particles)"
    RELION4 = "RELION 4 tables (positions in pixels of the tilt series)"
    RELION5 = "RELION 5 table (centred coordinates)"
    WARPTOOLS_2D = "WarpTools --2d tables (positions in pixels of the images)"
    NORMALISED = "template matching picks (coordinates from 0 to 1)"
    PYTOM = "pytom-match-pick table (detector pixel in Å, no magnification)"


@dataclass(frozen=True, slots=True)
class UsedAngpix:
    """The pixel sizes that turned numbers of a table into Å."""

    values: tuple[float, ...]
    """The distinct ones in Å/px, ascending; empty where there is nothing to scale."""
    origin: str
    """The column, or what else they come from, in words."""

    def __str__(self) -> str:
        if not self.values or self.origin == IN_ANG:
            return self.origin
        sizes = f"{self.values[0]:.7g}"
        if len(self.values) > 1:
            sizes = f"{sizes} to {self.values[-1]:.7g}"
        return f"{sizes} Å/px ({self.origin})"


@dataclass(frozen=True, slots=True)
class Detection:
    """How a particle table was understood."""

    dialect: Dialect
    coordinates: UsedAngpix
    """Pixel sizes of the coordinates."""
    shifts: UsedAngpix
    """Pixel sizes of the origins; 1 where they are in Å."""
    centre: str
    """Where coordinates are counted from."""
    angles: str
    """Where the angles come from."""
    notes: tuple[str, ...] = ()
    """What else was assumed, a sentence each."""
    warnings: tuple[str, ...] = ()
    """What is doubtful, a sentence each."""


def detect_dialect(table: ParticleTable, *, angpix_stated: bool) -> Dialect:
    """The dialect of a table that is not M's.

    ``angpix_stated`` says that the user gave a pixel size, so that coordinates between 0 and 1 are pixels.

    Raises:
        FormatError: a table with one row per tilt image, which cannot give back positions in the tomogram.
    """
    _refuse_image_series(table)
    if table.has(*CENTRED):
        return Dialect.RELION5
    if table.has(TOMO_NAME, TOMO_ANGPIX, *COORDINATES):
        return Dialect.WARPTOOLS_2D if _is_warptools(table) else Dialect.RELION4
    if table.has_optics:
        return Dialect.RELION31
    if not any(mark in name for name in table.columns for mark in _ANY_ANGPIX):
        return Dialect.NORMALISED if not angpix_stated and _is_normalised(table) else Dialect.RELION30
    if table.has("rlnDetectorPixelSize") and not table.has("rlnMagnification"):
        return Dialect.PYTOM
    return Dialect.RELION30


def _refuse_image_series(table: ParticleTable) -> None:
    if not table.has("rlnGroupName", "rlnCtfScalefactor", "rlnDefocusU"):
        return
    if table.has(COORDINATES[2]) or any(table.has(name) for name in CENTRED):
        return
    groups = table.texts("rlnGroupName")
    if len(np.unique(groups)) < len(groups):
        raise FormatError(
            f"{table.path} is an image series: each row is one tilt image of a particle, with its position "
            "in that image and its pose in that view. Positions in the tomogram cannot be recovered from it.",
            "Choose the table from which the image series was exported.",
        )


def _is_warptools(table: ParticleTable) -> bool:
    if table.has("rlnTomoParticleId"):
        return True
    if _any_contains(table.texts(TOMO_NAME), ".tomostar", at_end=True):
        return True
    return table.has("rlnImageName") and _any_contains(table.texts("rlnImageName"), "particleseries")


def _any_contains(texts: Sequence[str] | np.ndarray, part: str, at_end: bool = False) -> bool:
    found = np.char.endswith(texts, part) if at_end else np.char.find(texts, part) >= 0
    return bool(np.any(found))


def _is_normalised(table: ParticleTable) -> bool:
    """Whether all coordinates lie from 0 to 1, as fractions of the volume."""
    present = [name for name in COORDINATES if table.has(name)]
    return len(present) == 3 and all(
        bool(np.all((table.numbers(name) >= 0) & (table.numbers(name) <= 1))) for name in present
    )
