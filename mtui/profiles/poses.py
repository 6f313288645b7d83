"""Where the particles of one unit of work are, how they lie, and where every tilt shows them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtui.geometry.sizes import OutputPixel
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import Frame, TiltGeometry, positions_in_tilts
from mtui.geometry.trajectories import dose_steps, resample, shift_trajectories
from mtui.geometry.visibility import visible_tilts
from mtui.model.particles import ParticleSet

PoseTime = Literal["first", "m-volumes", "m-series"]
"""Which moment of its trajectory stands for a particle where a table has room for one pose."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFacts:
    """One tilt series as the tables describe it."""

    name: str
    """As the source lists it, ``X.tomostar``."""
    root: str
    species: str
    """The species' file-safe name; it stands in file names, so that two species never share a file."""
    pixel: OutputPixel
    box_px: int
    images: str
    """Folder of the images as the tables name it."""
    geometry: TiltGeometry
    ctf: SeriesCtf
    volume_ang: tuple[float, float, float]
    movies: tuple[str, ...]
    """Name of each tilt's movie."""
    tilts: NDArray[np.intp]
    """Indices of the tilts that tables and stacks know of, ascending: selected, and within the dose limit."""

    @property
    def angpix(self) -> float:
        """Output pixel in Å."""
        return float(self.pixel.angpix)


@dataclass(frozen=True, slots=True, eq=False)
class UnitPoses:
    """Some particles of one tilt series."""

    series: SeriesFacts
    number: NDArray[np.intp]
    """``(P,)`` counted within the series from 0, in the order of the species' table."""
    position_ang: NDArray[np.float64]
    """``(P, 3)`` where one position stands for the trajectory."""
    angles_deg: NDArray[np.float64]
    """``(P, 3)`` likewise."""
    coords_ang: NDArray[np.float64]
    """``(P, T, 3)`` at the dose of every tilt, shift included."""
    tilt_angles_deg: NDArray[np.float64]
    """``(P, T, 3)`` Euler angles at the dose of every tilt."""
    half: NDArray[np.int8]
    extra: tuple[tuple[str, NDArray[np.str_]], ...]

    def __len__(self) -> int:
        return len(self.number)

    def select(self, index: ArrayLike) -> UnitPoses:
        """The particles at ``index`` (row numbers or a boolean mask)."""
        rows = np.asarray(index)
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name not in ("series", "extra")
        }
        return replace(self, **arrays, extra=tuple((name, values[rows]) for name, values in self.extra))


@dataclass(frozen=True, slots=True, eq=False)
class Projections:
    """Where every tilt shows the particles."""

    xy_ang: NDArray[np.float64]
    """``(P, T, 2)`` in Å from the image's first pixel, size rounding included."""
    defocus_um: NDArray[np.float64]
    """``(P, T)``."""
    visible: NDArray[np.bool_]
    """``(P, T)`` whether the tilt is selected and shows the whole particle."""

    def select(self, index: ArrayLike) -> Projections:
        """Those of the particles at ``index``."""
        rows = np.asarray(index)
        return Projections(self.xy_ang[rows], self.defocus_um[rows], self.visible[rows])


def compute_poses(
    series: SeriesFacts,
    particles: ParticleSet,
    first_number: int,
    shift_ang: tuple[float, float, float] | None,
    time: PoseTime,
) -> UnitPoses:
    """Poses of particles at the dose of every tilt, and the one that stands for all of them.

    ``first`` takes position and angles of the first key frame, the moment that matching compares. M mixes
    moments, which is kept for comparison: in its volume table (``m-volumes``) the position is that at tilt
    index 0 and the angles those of the first key frame; in its series table (``m-series``) both are those at
    tilt index T/2 (`DialogTomoParticleExport`, `ReconstructParticleSeries`). A shift moves the position by
    the same vector as the images, whichever moment is taken.
    """
    steps = dose_steps(series.geometry.dose)
    track, angles = resample(particles.positions_ang, steps), resample(particles.angles_deg, steps)
    coords = shift_trajectories(track, angles, shift_ang) if shift_ang is not None else track
    middle = len(steps) // 2
    moved = coords[:, 0] - track[:, 0]
    first = particles.positions_ang[:, 0] + moved, particles.angles_deg[:, 0].astype(np.float64)
    choices: dict[PoseTime, tuple[NDArray[np.float64], NDArray[np.float64]]] = {
        "first": first,
        "m-volumes": (coords[:, 0], first[1]),
        "m-series": (coords[:, middle], angles[:, middle]),
    }
    position, orientation = choices[time]
    return UnitPoses(
        series=series,
        number=first_number + np.arange(len(particles)),
        position_ang=position,
        angles_deg=orientation,
        coords_ang=coords,
        tilt_angles_deg=angles,
        half=particles.half,
        extra=particles.extra,
    )


def project_poses(poses: UnitPoses, frame: Frame, diameter_ang: int) -> Projections:
    """Project particles along their trajectories into every tilt."""
    geometry = poses.series.geometry
    positions = positions_in_tilts(geometry, frame, poses.coords_ang)
    visible = visible_tilts(geometry, frame, positions.xy_ang, diameter_ang)
    return Projections(positions.xy_ang, positions.defocus_um, visible)
