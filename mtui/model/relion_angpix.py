"""Which pixel size turns the coordinates of a foreign table into Å, and which others it might have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.model.dialects import TOMO_ANGPIX, Dialect, UsedAngpix
from mtui.model.relion_table import ParticleTable

MICROGRAPH_ANGPIX = "rlnMicrographOriginalPixelSize"
IMAGE_ANGPIX, DETECTOR, MAGNIFICATION = "rlnImagePixelSize", "rlnDetectorPixelSize", "rlnMagnification"
_DETECTOR_WORDS = f"{DETECTOR} and {MAGNIFICATION}"
_PREFERRED = {
    Dialect.RELION30: (_DETECTOR_WORDS, IMAGE_ANGPIX, "rlnPixelSize"),
    Dialect.PYTOM: (DETECTOR,),
    Dialect.RELION31: (IMAGE_ANGPIX, _DETECTOR_WORDS, "rlnPixelSize"),
    Dialect.RELION4: (TOMO_ANGPIX,),
    Dialect.WARPTOOLS_2D: (IMAGE_ANGPIX,),
}
"""Columns that hold the pixel size of the coordinates, the first one there is counts.

RELION 4 counts in unbinned pixels of the tilt series, WarpTools in pixels of the images; M takes the images'
for both, which is wrong by the binning for RELION 4.
"""
_ALTERNATIVES = (
    IMAGE_ANGPIX,
    TOMO_ANGPIX,
    _DETECTOR_WORDS,
    "rlnPixelSize",
    "rlnMicrographPixelSize",
    MICROGRAPH_ANGPIX,
)


@dataclass(frozen=True, slots=True, eq=False)
class RowAngpix:
    """A pixel size for each row."""

    values: NDArray[np.float64]
    """``(N,)`` Å/px."""
    origin: str

    def used(self) -> UsedAngpix:
        """The distinct values, for people."""
        return UsedAngpix(tuple(np.unique(self.values).tolist()), self.origin)


def coordinate_angpix(table: ParticleTable, dialect: Dialect, stated: float | None) -> RowAngpix:
    """The pixel size of the pixel coordinates: the one stated by the user, else the table's own.

    Raises:
        FormatError: the table has none; a value that is not above zero, with its line.
    """
    if stated is not None:
        return stated_angpix(table, stated)
    for origin in _PREFERRED.get(dialect, ()):
        found = _column_angpix(table, origin)
        if found is not None:
            return found
    wanted = " or ".join(_PREFERRED.get(dialect, (IMAGE_ANGPIX,)))
    raise FormatError(
        f"{table.path} does not say what a pixel of its coordinates is: it has no {wanted}.",
        "State the pixel size of the coordinates with --coords-angpix.",
    )


def stated_angpix(table: ParticleTable, angpix: float) -> RowAngpix:
    """One pixel size for all rows, as the user stated it."""
    return RowAngpix(np.full(len(table), angpix), "as stated")


def candidate_angpix(table: ParticleTable, chosen: RowAngpix, source_angpix: float) -> tuple[RowAngpix, ...]:
    """Pixel sizes that could be meant instead: those in other columns, then the data source's own."""
    candidates = [_column_angpix(table, origin) for origin in _ALTERNATIVES]
    candidates.append(RowAngpix(np.full(len(table), source_angpix), "the data source's pixel"))
    different: list[RowAngpix] = []
    for candidate in candidates:
        if candidate is not None and not any(
            np.allclose(candidate.values, other.values, rtol=1e-4) for other in (chosen, *different)
        ):
            different.append(candidate)
    return tuple(different)


def _column_angpix(table: ParticleTable, origin: str) -> RowAngpix | None:
    if origin == _DETECTOR_WORDS:
        if not table.has(DETECTOR, MAGNIFICATION):
            return None
        # Micrometres on the detector.
        detector, magnification = _positive(table, DETECTOR), _positive(table, MAGNIFICATION)
        return RowAngpix(detector * 1e4 / magnification, origin)
    return RowAngpix(_positive(table, origin), origin) if table.has(origin) else None


def _positive(table: ParticleTable, column: str) -> NDArray[np.float64]:
    values = table.numbers(column)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(wrong):
        raise FormatError(
            f"{table.path}, {table.line_text(wrong)}: {column} is {values[wrong[0]]:g}; it must be above "
            "zero.",
            "Correct the table, or state the pixel size with --coords-angpix.",
        )
    return values
