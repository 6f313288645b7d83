"""Particle tables as M writes them (``*_particles.star``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.files import write_chunks
from mtui.formats.numbers import f5_array
from mtui.formats.star import StarTable, read_star
from mtui.formats.star_writer import star_chunks
from mtui.model.particles import MISSING, ParticleSet

_POSE = re.compile(r"wrp(Coordinate[XYZ]|Angle(Rot|Tilt|Psi))\+?\d+")
_POSITION = ("wrpCoordinateX", "wrpCoordinateY", "wrpCoordinateZ")
_ANGLE = ("wrpAngleRot", "wrpAngleTilt", "wrpAnglePsi")
_HALF, _NAME, _HASH = "wrpRandomSubset", "wrpSourceName", "wrpSourceHash"
_NOT_M = "Choose a particle table that M wrote; tables of RELION and WarpTools are read as such."


def read_m_particles(path: Path, movement: int | None = None, rotation: int | None = None) -> ParticleSet:
    """Particles of an M table (M's `Species.ParticlesFromStar`).

    ``movement`` and ``rotation`` are a species' numbers of key frames: as in M its own table is never
    resampled, a missing key frame repeats the last one and surplus ones are left out. ``None`` reads all
    there are. Unlike M, angles are counted by their own columns. All other columns are kept as text.

    Raises:
        FormatError: not a STAR file (see `star.read_star`); no table with M's columns; no rows; a position or
            angle that is not finite, a half-set other than 1 and 2, each with its line.
    """
    table = _m_table(path, read_star(path, _is_number))
    positions = _keys(path, table, _POSITION, movement)
    angles = _keys(path, table, _ANGLE, rotation)
    return ParticleSet(
        positions_ang=positions,
        angles_deg=angles,
        half=_halves(path, table),
        source_name=table.texts(_NAME),
        source_hash=table.texts(_HASH),
        extra=tuple((name, table.texts(name)) for name in table.columns if _is_extra(name)),
    )


def write_m_particles(path: Path, particles: ParticleSet) -> None:
    """Write an M table (M's `Species.ParticlesToStar`), atomically.

    Raises:
        FormatError: no particles (M would leave the old table in place), or a text with a blank.
        WriteError: see `files.atomic_path`.
    """
    write_chunks(path, m_table_chunks(path, particles))


def m_table_chunks(path: Path, particles: ParticleSet) -> Iterator[bytes]:
    """The bytes that `write_m_particles` would write; ``path`` is named in errors."""
    if not len(particles):
        raise FormatError(
            f"{path} would hold no particles.", "M cannot store an empty particle set; keep some particles."
        )
    columns = _pose_columns(_POSITION, particles.positions_ang) | _pose_columns(_ANGLE, particles.angles_deg)
    columns[_HALF] = (particles.half + 1).astype(np.str_)
    columns[_NAME] = particles.source_name
    columns[_HASH] = particles.source_hash
    for name, texts in particles.extra:
        columns[name] = np.where(texts == "", MISSING, texts)
    return star_chunks(path, [StarTable("", dict(columns))])


def _is_number(name: str) -> bool:
    return name == _HALF or _POSE.fullmatch(name) is not None


def _is_extra(name: str) -> bool:
    return name not in (_NAME, _HASH) and not _is_number(name)


def _m_table(path: Path, tables: dict[str, StarTable]) -> StarTable:
    required = [f"{name}1" for name in (*_POSITION, *_ANGLE)] + [_HALF, _NAME, _HASH]
    loops = [table for table in tables.values() if not table.is_list]
    table = next((table for table in loops if required[0] in table.columns), None)
    missing = required if table is None else [name for name in required if name not in table.columns]
    if table is None or missing:
        raise FormatError(
            f"{path} is not a particle table of M: it has no column {', '.join(missing)}.", _NOT_M
        )
    if not len(table):
        raise FormatError(f"{path} holds no particles.", "Choose a table with at least one row.")
    return table


def _keys(path: Path, table: StarTable, names: tuple[str, ...], wanted: int | None) -> NDArray[np.float32]:
    """Key frames ``(N, keys, 3)``; the columns of a key frame are numbered from 1 and count only together."""
    found = 1
    while all(f"{name}{found + 1}" in table.columns for name in names):
        found += 1
    frames = [min(key, found) for key in range(1, (wanted or found) + 1)]
    keys = np.empty((len(table), len(frames), len(names)), np.float32)
    for place, frame in enumerate(frames):
        for component, name in enumerate(names):
            values = table.numbers(f"{name}{frame}")
            _refuse_infinite(path, table, f"{name}{frame}", values)
            keys[:, place, component] = values
    return keys


def _refuse_infinite(path: Path, table: StarTable, column: str, values: NDArray[np.float64]) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        lines = ", ".join(str(table.lines[row]) for row in wrong[:5])
        raise FormatError(
            f"{path}: {column} is not a finite number on {len(wrong)} rows (line {lines}"
            f"{', ...' if len(wrong) > 5 else ''}).",
            "Remove these rows or correct them.",
        )


def _halves(path: Path, table: StarTable) -> NDArray[np.int8]:
    values = table.numbers(_HALF)
    wrong = np.flatnonzero((values != 1) & (values != 2))
    if len(wrong):
        row = wrong[0]
        raise FormatError(
            f"{path}, line {table.lines[row]}: {_HALF} is {values[row]:g}; it must be 1 or 2.",
            "Assign each particle to one of the two half-sets.",
        )
    return (values - 1).astype(np.int8)


def _pose_columns(names: tuple[str, ...], keys: NDArray[np.float32]) -> dict[str, NDArray[np.str_]]:
    return {
        f"{name}{frame + 1}": f5_array(keys[:, frame, component])
        for frame in range(keys.shape[1])
        for component, name in enumerate(names)
    }
