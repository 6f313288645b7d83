"""New particle sets to intersect with: known particles off their places, shuffled, and strangers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtui.formats.star_table import StarTable
from mtui.model.particles import ParticleSet

Floats = NDArray[np.float64]

JITTER_ANG = 5.0
STRAY_NAME = "grid_99.tomostar"
"""A series that no source of the demo has."""


@dataclass(frozen=True, slots=True)
class NewSet:
    """Particles of another program; ``origin`` (N,) is each one's row in the species, -1 for strangers."""

    particles: ParticleSet
    origin: NDArray[np.int64]


def make_new_set(
    old: ParticleSet,
    room_ang: Mapping[str, tuple[float, float, float]],
    kept: float,
    rng: np.random.Generator,
) -> NewSet:
    """A share ``kept`` of the old particles with jittered poses, a fifth as many strangers, in random order.

    ``room_ang`` is the size of the volume of each series by its hash. Strangers may lie anywhere in it.
    """
    known = rng.permutation(len(old))[: round(kept * len(old))]
    strangers = rng.integers(0, len(old), len(known) // 5)
    rows = np.concatenate([known, strangers])
    drawn = old.select(rows)
    sizes = np.array([room_ang[name] for name in drawn.source_hash])
    is_stranger = np.arange(len(rows)) >= len(known)
    jitter = rng.normal(0, JITTER_ANG, (len(rows), 1, 3))
    moved = drawn.positions_ang + jitter
    elsewhere = (sizes * rng.uniform(0.05, 0.95, (len(rows), 3)))[:, None]
    strange = elsewhere + (drawn.positions_ang - drawn.positions_ang[:, :1])
    positions = np.where(is_stranger[:, None, None], strange, moved)
    angles = drawn.angles_deg + rng.normal(0, 2, (len(rows), 1, 3))
    particles = replace(
        drawn,
        positions_ang=positions.astype(np.float32),
        angles_deg=angles.astype(np.float32),
        half=np.where(is_stranger, np.arange(len(rows)) % 2, drawn.half).astype(np.int8),
        extra=(),
    )
    order = rng.permutation(len(rows))
    return NewSet(particles.select(order), np.where(is_stranger, -1, rows)[order])


def add_strays(new: NewSet, count: int, rng: np.random.Generator) -> NewSet:
    """The same with ``count`` more rows of a tilt series that the population does not have, at the end."""
    index = np.concatenate([np.arange(len(new.particles)), rng.integers(0, len(new.particles), count)])
    particles = new.particles.select(index)
    is_stray = np.arange(len(index)) >= len(new.particles)
    particles = replace(
        particles,
        source_name=np.where(is_stray, STRAY_NAME, particles.source_name),
        source_hash=np.where(is_stray, "", particles.source_hash),
    )
    return NewSet(particles, np.where(is_stray, -1, np.append(new.origin, np.full(count, -1))))


def relion30_table(new: ParticleSet, angpix: float, rng: np.random.Generator) -> StarTable:
    """One table of RELION 3.0: coordinates and origins in pixels, position = coordinate - origin."""
    origins = rng.uniform(-1, 1, (len(new), 3)).round(4)
    coordinates = new.positions_ang[:, 0] / angpix + origins
    return StarTable(
        "",
        {
            "rlnMagnification": _texts(np.full(len(new), 10000.0)),
            "rlnDetectorPixelSize": _texts(np.full(len(new), angpix)),
            **_columns("rlnCoordinate", coordinates),
            **_angle_columns(new),
            **_columns("rlnOrigin", origins),
            "rlnMicrographName": new.source_name,
            "rlnRandomSubset": (new.half + 1).astype(np.str_),
        },
    )


def relion31_tables(new: ParticleSet, angpix: float, rng: np.random.Generator) -> tuple[StarTable, StarTable]:
    """Optics and particles of RELION 3.1: origins in Å, names as paths of tomograms."""
    origins_ang = rng.uniform(-8, 8, (len(new), 3)).round(4)
    coordinates = (new.positions_ang[:, 0] + origins_ang) / angpix
    optics = {
        "rlnOpticsGroup": "1",
        "rlnOpticsGroupName": "opticsGroup1",
        "rlnImagePixelSize": f"{angpix:.6f}",
        "rlnVoltage": "300.000000",
        "rlnSphericalAberration": "2.700000",
        "rlnAmplitudeContrast": "0.100000",
        "rlnImageDimensionality": "3",
        "rlnImageSize": "32",
    }
    particles = {
        **_columns("rlnCoordinate", coordinates),
        **_angle_columns(new),
        **{f"rlnOrigin{axis}Angst": _texts(origins_ang[:, column]) for column, axis in enumerate("XYZ")},
        "rlnMicrographName": np.char.add("tomograms/", new.source_name),
        "rlnOpticsGroup": np.full(len(new), "1"),
        "rlnRandomSubset": (new.half + 1).astype(np.str_),
    }
    return (
        StarTable("optics", {name: np.array([text]) for name, text in optics.items()}),
        StarTable("particles", particles),
    )


def _angle_columns(new: ParticleSet) -> dict[str, NDArray[np.str_]]:
    names = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
    return {name: _texts(new.angles_deg[:, 0, column]) for column, name in enumerate(names)}


def _columns(stem: str, values: Floats) -> dict[str, NDArray[np.str_]]:
    return {f"{stem}{axis}": _texts(values[:, column]) for column, axis in enumerate("XYZ")}


def _texts(values: NDArray[np.floating]) -> NDArray[np.str_]:
    return np.array([f"{value:.6f}" for value in values])
