"""Where a point of the tomogram appears in every tilt, how far from focus, and how it is turned.

Frames: tomogram positions in Å from the corner of voxel 0, image positions in Å from pixel 0; defocus in µm,
underfocus positive. Tilts are in the order of the XML's ``Angles`` (usually by tilt angle, not by dose), and
all of them take part whatever ``UseTilt`` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from numpy.typing import NDArray

from mtui.geometry.arrays import Array, ArrayEquality, Floats, Indices
from mtui.geometry.euler import matrix_from_euler, rotate_x, rotate_y, rotate_z
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.trajectories import dose_steps

UM_PER_ANG = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class TiltGeometry(ArrayEquality):
    """What a tilt series' XML says about geometry."""

    angles_deg: Float64[Array, " tilt"]
    dose: Float64[Array, " tilt"]  # e/Å², accumulated
    use_tilt: Bool[NDArray[np.bool_], " tilt"]
    axis_angle_deg: Float64[Array, " tilt"]
    axis_offset_x_ang: Float64[Array, " tilt"]
    axis_offset_y_ang: Float64[Array, " tilt"]
    level_angle_x_deg: float
    level_angle_y_deg: float
    angles_inverted: bool
    # [[m11, m12], [m21, m22]], k' = M k in the Fourier plane. The XML lists columns: M11, M21, M12, M22.
    magnification: Float64[Array, "2 2"]
    movement_x: CubicGrid  # Å over image x, image y, tilt
    movement_y: CubicGrid
    angle_x: CubicGrid  # degrees over volume x, volume y, tilt
    angle_y: CubicGrid
    angle_z: CubicGrid
    defocus_um: CubicGrid  # over volume x, volume y, tilt
    warp_x: LinearGrid4D  # Å over volume x, y, z and dose
    warp_y: LinearGrid4D
    warp_z: LinearGrid4D

    @property
    def n_tilts(self) -> int:
        """Number of tilts, deselected ones included."""
        return len(self.angles_deg)


@dataclass(frozen=True, slots=True)
class Frame:
    """Physical sizes that an export takes from its source and images; they override those in the XML."""

    volume_ang: tuple[float, float, float]  # unbinned tomogram, x, y, z
    image_ang: tuple[float, float]  # raw image of tilt 0, x, y
    size_rounding: tuple[float, float] = (1.0, 1.0)  # see sizes.size_rounding


@dataclass(frozen=True, slots=True, eq=False)
class TiltPositions(ArrayEquality):
    """Projected particles."""

    xy_ang: Float64[Array, "particle tilt 2"]  # from pixel 0; size rounding included
    defocus_um: Float64[Array, "particle tilt"]


def dose_order(dose: Float[Floats, " tilt"]) -> Int[Indices, " tilt"]:
    """Tilt indices from lowest to highest dose; equal doses keep their order.

    M's ``IndicesSortedDose`` leaves the order of equal doses to an unstable sort.
    """
    return np.argsort(np.asarray(dose, dtype=np.float64), kind="stable")


def tilt_steps(n_tilts: int) -> Float64[Array, " tilt"]:
    """Coordinate of each tilt along the tilt axis of a grid; 0 for a single tilt, where M has NaN.

    It is rounded to float32 as M's is, and so misses a grid's nodes by some 1e-6 of their distance: between
    tilts with very different B-factors that is 1e-4 Å².
    """
    step = np.float32(1.0 / max(1, n_tilts - 1))
    return (np.arange(n_tilts, dtype=np.float32) * step).astype(np.float64)


def positions_in_tilts(
    geometry: TiltGeometry, frame: Frame, coords_ang: Float[Floats, "particle tilt 3"]
) -> TiltPositions:
    """Project moving particles into every tilt, with volume warp, alignment, movement and defocus.

    Matches M's ``TiltSeries.GetPositionInAllTilts``, called for one particle at a time as its export does:
    volume warp is added before the tilt, movement is subtracted after it, inverted angles flip only the depth
    that goes into defocus. Neither magnification nor angle grids move positions. Where M differs: equal doses
    and a single tilt give NaN there and finite positions here; when called for many particles, M looks up the
    defocus grid at the first one only, here each particle at its own place.

    Parameters
    ----------
    geometry, frame
        The series and its physical sizes.
    coords_ang
        (P, T, 3) x, y, z in Å from the tomogram's corner, one position per tilt.
    """
    coords = np.asarray(coords_ang, dtype=np.float64)
    volume, image = np.asarray(frame.volume_ang), np.asarray(frame.image_ang)
    turned = np.einsum("tij,ptj->pti", _alignment(geometry), _warped(geometry, frame, coords) - volume / 2)
    projected = turned[..., :2] + _axis_offsets(geometry) + image / 2
    step = tilt_steps(geometry.n_tilts)
    at_image = projected[..., 0] / image[0], projected[..., 1] / image[1], step
    movement = np.stack([geometry.movement_x.at(*at_image), geometry.movement_y.at(*at_image)], axis=-1)
    focus = geometry.defocus_um.at(coords[..., 0] / volume[0], coords[..., 1] / volume[1], step)
    depth = -turned[..., 2] if geometry.angles_inverted else turned[..., 2]
    return TiltPositions(
        xy_ang=(projected - movement) * np.asarray(frame.size_rounding), defocus_um=focus + UM_PER_ANG * depth
    )


def tilt_matrices(
    geometry: TiltGeometry, frame: Frame, coords_ang: Float[Floats, "particle tilt 3"]
) -> Float64[Array, "particle tilt 3 3"]:
    """Matrices from the tomogram to each tilt image, without the particles' own angles.

    ``Rz Ry Rx`` of the angle grids after the alignment, as in M's ``TiltSeries.GetAngleInAllTilts``. M's
    functions for all tilts look the angle grids up at **y over the volume's width** instead of its height
    (those for one tilt do not). Poses refined by M went through this look-up, so it is kept and the numbers
    are M's. M itself writes one node in x and y, where it changes nothing.

    Parameters
    ----------
    geometry, frame
        The series and its physical sizes.
    coords_ang
        (P, T, 3) x, y, z in Å from the tomogram's corner, one position per tilt.

    Returns
    -------
    (P, T, 3, 3), image vector = matrix @ tomogram vector; a read-only view where all particles share it.
    """
    shared = shared_tilt_matrices(geometry)
    if shared is not None:
        return np.broadcast_to(shared, (len(coords_ang), *shared.shape))
    coords = np.asarray(coords_ang, dtype=np.float64)
    x, y = coords[..., 0] / frame.volume_ang[0], coords[..., 1] / frame.volume_ang[0]
    return _angle_corrections(geometry, x, y) @ _alignment(geometry)


def shared_tilt_matrices(geometry: TiltGeometry) -> Float64[Array, "tilt 3 3"] | None:
    """``tilt_matrices`` of every particle, or None where the angle grids vary over the volume."""
    if any(grid.varies_in_xy for grid in (geometry.angle_x, geometry.angle_y, geometry.angle_z)):
        return None
    middle = np.full(geometry.n_tilts, 0.5)
    return _angle_corrections(geometry, middle, middle) @ _alignment(geometry)


def particle_matrices(
    geometry: TiltGeometry,
    frame: Frame,
    coords_ang: Float[Floats, "particle tilt 3"],
    angles_deg: Float[Floats, "particle tilt 3"],
) -> Float64[Array, "particle tilt 3 3"]:
    """Matrices from the particles' maps to each tilt image (M: ``GetParticleRotationMatrixInAllTilts``).

    ``angles_deg`` are the absolute Euler angles of each particle at the dose of each tilt.
    """
    return tilt_matrices(geometry, frame, coords_ang) @ matrix_from_euler(angles_deg)


def _alignment(geometry: TiltGeometry) -> Float64[Array, "tilt 3 3"]:
    """Tilt matrices without angle grids: ``Rz(axis) Ry(-(tilt + level y)) Rx(level x)``."""
    tilt = geometry.angles_deg + geometry.level_angle_y_deg
    euler = np.stack([np.zeros_like(tilt), tilt, -geometry.axis_angle_deg], axis=-1)
    return matrix_from_euler(euler) @ rotate_x(geometry.level_angle_x_deg)


def _angle_corrections(geometry: TiltGeometry, x: Array, y: Array) -> Array:
    at = x, y, tilt_steps(geometry.n_tilts)
    turn_z, turn_y = rotate_z(geometry.angle_z.at(*at)), rotate_y(geometry.angle_y.at(*at))
    return turn_z @ turn_y @ rotate_x(geometry.angle_x.at(*at))


def _warped(geometry: TiltGeometry, frame: Frame, coords: Array) -> Array:
    x, y, z = np.moveaxis(coords / np.asarray(frame.volume_ang), -1, 0)
    at = x, y, z, dose_steps(geometry.dose)
    grids = geometry.warp_x, geometry.warp_y, geometry.warp_z
    return coords + np.stack([grid.at(*at) for grid in grids], axis=-1)


def _axis_offsets(geometry: TiltGeometry) -> Float64[Array, "tilt 2"]:
    return np.stack([geometry.axis_offset_x_ang, geometry.axis_offset_y_ang], axis=-1)
