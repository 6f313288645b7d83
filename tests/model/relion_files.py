"""Small tables as RELION, WarpTools and picking programs write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mtui.formats.star import StarTable, write_star
from mtui.model.dialects import Detection, detect_dialect
from mtui.model.relion_particles import RelionParticles, convert_particles
from mtui.model.relion_positions import Rooms, Stated
from mtui.model.relion_table import ParticleTable, read_particle_table

Columns = dict[str, Sequence[object]]

VOLUME_ANG = (4000.0, 5000.0, 1000.0)
XYZ: Columns = {"rlnCoordinateX": [10, 20], "rlnCoordinateY": [30, 40], "rlnCoordinateZ": [50, 60]}
CENTRED: Columns = {f"rlnCenteredCoordinate{axis}Angst": [1.5, -2.5] for axis in "XYZ"}
ANGLES: Columns = {"rlnAngleRot": [10, 20], "rlnAngleTilt": [30, 40], "rlnAnglePsi": [50, 60]}
TOMO_NAME: Columns = {"rlnTomoName": ["TS_1", "TS_1"]}
NAME: Columns = {"rlnMicrographName": ["TS_1.tomostar", "TS_1.tomostar"]}
DETECTOR: Columns = {"rlnMagnification": [10000, 10000], "rlnDetectorPixelSize": [2, 2]}
GROUP: Columns = {"rlnOpticsGroup": [1, 1]}


def write_particles(path: Path, particles: Columns, optics: Columns | None = None) -> Path:
    """A STAR file with one table, or with optics and particles."""
    tables = [StarTable("" if optics is None else "particles", _texts(particles))]
    if optics is not None:
        tables.insert(0, StarTable("optics", _texts(optics)))
    write_star(path, tables)
    return path


def make_table(folder: Path, particles: Columns, optics: Columns | None = None) -> ParticleTable:
    return read_particle_table(write_particles(folder / "new.star", particles, optics))


def convert(
    table: ParticleTable,
    coordinates: float | None = None,
    shifts: float | None = None,
    volume_ang: tuple[float, float, float] = VOLUME_ANG,
    margin_ang: float = 100.0,
) -> RelionParticles:
    """Particles that all lie in volumes of one size."""
    dialect = detect_dialect(table, angpix_stated=coordinates is not None)
    rooms = Rooms(np.tile(volume_ang, (len(table), 1)), 2.0)
    return convert_particles(table, dialect, rooms, Stated(coordinates, shifts), margin_ang)


def detection(table: ParticleTable) -> Detection:
    return convert(table).detection


def _texts(columns: Columns) -> dict[str, np.ndarray]:
    return {name: np.array([str(value) for value in values], np.str_) for name, values in columns.items()}
