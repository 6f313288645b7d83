"""``.tomostar`` files: the tilts of a series as they were imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.star import read_star

_NUMBERS = ("wrpAngleTilt", "wrpDose", "wrpAxisAngle", "wrpAxisOffsetX", "wrpAxisOffsetY")
_MOVIE = "wrpMovieName"


@dataclass(frozen=True, slots=True, eq=False)
class Tomostar:
    """Tilts in file order, which is the order of everything else."""

    movie_paths: tuple[str, ...]
    """Relative to the file's folder."""
    angles_deg: NDArray[np.float64]
    dose: NDArray[np.float64]
    """Accumulated before the tilt, in electrons per square Å."""
    axis_angle_deg: NDArray[np.float64]
    axis_offset_x_ang: NDArray[np.float64]
    axis_offset_y_ang: NDArray[np.float64]


def read_tomostar(path: Path) -> Tomostar:
    """Read a ``.tomostar`` file (M's `TiltSeries.InitializeFromTomoStar`).

    Raises:
        FormatError: not a STAR file (see `star.read_star`), a column for movie, angle or dose missing, no
            rows.
    """
    tables = [table for table in read_star(path, lambda name: name in _NUMBERS).values() if not table.is_list]
    columns = tables[0].columns if tables else {}
    missing = [name for name in (_MOVIE, *_NUMBERS[:2]) if name not in columns]
    if missing:
        raise FormatError(
            f"{path} is not a .tomostar file: it has no column {', '.join(missing)}.",
            "Choose the file that Warp's ts_import wrote.",
        )
    table = tables[0]
    if not len(table):
        raise FormatError(f"{path} lists no tilts.", "Import the tilt series again with Warp.")
    zeros = np.zeros(len(table))
    numbers = {name: table.numbers(name) if name in columns else zeros for name in _NUMBERS}
    return Tomostar(
        movie_paths=tuple(table.texts(_MOVIE).tolist()),
        angles_deg=numbers["wrpAngleTilt"],
        dose=numbers["wrpDose"],
        axis_angle_deg=numbers["wrpAxisAngle"],
        axis_offset_x_ang=numbers["wrpAxisOffsetX"],
        axis_offset_y_ang=numbers["wrpAxisOffsetY"],
    )
