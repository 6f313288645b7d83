"""The particle table of a STAR file with its optics groups joined, row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtui.errors import FormatError
from mtui.formats.star import StarTable, read_star
from mtui.formats.star_table import Column
from mtui.model.relion_refusals import refuse_unless_particles

GROUP = "rlnOpticsGroup"
PARTICLES, OPTICS = "particles", "optics"
_NUMERIC = re.compile(
    r"rln(Coordinate[XYZ]|CenteredCoordinate[XYZ]Angst|Origin[XYZ](Angst)?|(Angle|TomoSubtomogram)(Rot|Tilt|Psi)"
    r"|\w*PixelSize|Magnification|RandomSubset)"
)
_POSITIONS = ("rlnCoordinateX", "rlnCenteredCoordinateXAngst")


@dataclass(frozen=True, slots=True, eq=False)
class ParticleTable:
    """Particles of a foreign table, one row each; optics columns have one value per particle."""

    path: Path
    columns: dict[str, Column]
    """Column name -> ``(N,)`` numbers where mtui calculates with them, else text."""
    lines: NDArray[np.int64]
    """``(N,)`` line in the file of each row, from 1."""
    has_optics: bool

    def __len__(self) -> int:
        return len(self.lines)

    def has(self, *names: str) -> bool:
        """Whether all these columns are there."""
        return all(name in self.columns for name in names)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A numeric column; KeyError where there is none."""
        return np.asarray(self.columns[name], np.float64)

    def texts(self, name: str) -> NDArray[np.str_]:
        """A text column; KeyError where there is none."""
        return np.asarray(self.columns[name], np.str_)

    def select(self, rows: ArrayLike) -> ParticleTable:
        """The rows with these numbers, or for which the mask is true."""
        index = np.asarray(rows)
        columns = {name: values[index] for name, values in self.columns.items()}
        return replace(self, columns=columns, lines=self.lines[index])

    def line_text(self, rows: NDArray[np.intp], most: int = 5) -> str:
        """Where some rows are: ``line 12`` or ``lines 12, 17, ... (40 rows)``."""
        shown = ", ".join(str(line) for line in self.lines[rows[:most]].tolist())
        if len(rows) == 1:
            return f"line {shown}"
        return f"lines {shown}{', ...' if len(rows) > most else ''} ({len(rows):,} rows)"


def read_particle_table(path: Path) -> ParticleTable:
    """The particle table of a STAR file that RELION, WarpTools or a picking program wrote.

    The columns of the optics table are appended to each particle through its group; as in M they win over
    particle columns of the same name (M's `Star.LoadRelion3Particles`). Unlike M, block names are exact and
    groups may have any number.

    Raises:
        FormatError: not a STAR file (see `star.read_star`); not a particle table, with what it is instead;
            several candidates; no rows; an optics group that is missing, unknown or listed twice.
    """
    tables = read_star(path, lambda name: _NUMERIC.fullmatch(name) is not None)
    refuse_unless_particles(path, tables)
    particles = _find_particles(path, tables)
    if not len(particles):
        raise FormatError(f"{path} holds no particles.", "Choose a table with at least one row.")
    optics = tables.get(OPTICS)
    table = ParticleTable(
        path, dict(particles.columns), particles.lines[: len(particles)], optics is not None
    )
    return table if optics is None else _join(table, optics)


def _find_particles(path: Path, tables: dict[str, StarTable]) -> StarTable:
    found = [
        table
        for table in tables.values()
        if not table.is_list and any(name in table.columns for name in _POSITIONS)
    ]
    named = [table for table in found if table.name == PARTICLES]
    if len(named) == 1 or len(found) == 1:
        return (named or found)[0]
    listed = ", ".join(f"data_{table.name}" for table in found)
    raise FormatError(
        f"{path} holds {len(found)} tables with coordinates ({listed}), none of them called data_particles.",
        "Keep one table per file, or name the one that is meant data_particles.",
    )


def _join(table: ParticleTable, optics: StarTable) -> ParticleTable:
    place = _optics_rows(table, optics)
    joined = {
        name: values[place]
        for name, values in optics.columns.items()
        if name not in (GROUP, "rlnOpticsGroupName")
    }
    return replace(table, columns=table.columns | joined)


def _optics_rows(table: ParticleTable, optics: StarTable) -> NDArray[np.intp]:
    """Row of the optics table for each particle."""
    hint = "Correct the optics table, or choose the complete output of one job."
    if not table.has(GROUP):
        if len(optics) == 1:
            return np.zeros(len(table), np.intp)
        raise FormatError(
            f"{table.path} has {len(optics)} optics groups, but its particles have no {GROUP}.", hint
        )
    numbers = optics.texts(GROUP).tolist() if GROUP in optics.columns else []
    place = {_group(number): row for row, number in enumerate(numbers)}
    if len(place) < len(numbers):
        raise FormatError(f"{table.path}: an {GROUP} is listed twice in data_optics.", hint)
    groups = table.texts(GROUP).tolist()
    rows = np.array([place.get(_group(group), -1) for group in groups], np.intp)
    unknown = np.flatnonzero(rows < 0)
    if len(unknown):
        raise FormatError(
            f"{table.path}, {table.line_text(unknown)}: {GROUP} is {groups[unknown[0]]}, which data_optics "
            "does not list.",
            hint,
        )
    return rows


def _group(text: str) -> str:
    """A group's number; ``1`` and ``1.000000`` are the same."""
    whole, point, decimals = text.partition(".")
    return whole if point and not decimals.strip("0") else text
