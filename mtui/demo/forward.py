"""Where every particle appears in every tilt image: the forward model's geometry.

Written from M's conventions (`TiltSeries.GetPositionInAllTilts` and its siblings) with SciPy's rotations and
interpolants, apart from ``mtui.geometry``: two independent implementations that must agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.demo.design import SeriesDesign
from mtui.demo.grids import cubic_grid_at, key_frames_at, linear_grid_at
from mtui.demo.rotations import matrices_about, matrices_from_euler

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Appearance:
    """Particles as the images show them.

    ``xy_ang`` (P, T, 2): x, y in Å from the centre of the image's first pixel, whose own size is field of
    view over pixels. ``defocus_um`` (P, T). ``matrices`` (P, T, 3, 3): map frame to image frame.
    """

    xy_ang: Floats
    defocus_um: Floats
    matrices: Floats


def compute_appearance(design: SeriesDesign, positions_ang: Floats, angles_deg: Floats) -> Appearance:
    """Project particles along their trajectories.

    ``positions_ang`` (P, K, 3) are key frames of x, y, z from the corner of the volume, ``angles_deg`` (P,
    R, 3) of rot, tilt, psi.
    """
    steps = design.steps
    tracks = key_frames_at(positions_ang, steps)
    turned = np.einsum("tij,ptj->pti", tilt_matrices(design), displaced(design, tracks))
    xy_ang = _in_image(design, turned[..., :2])
    height_ang = -turned[..., 2] if design.angles_inverted else turned[..., 2]
    poses = matrices_from_euler(key_frames_at(angles_deg, steps))
    image_frames = angle_corrections(design) @ tilt_matrices(design)
    return Appearance(xy_ang, design.lens.defocus_um + height_ang * 1e-4, image_frames @ poses)


def displaced(design: SeriesDesign, tracks_ang: Floats) -> Floats:
    """Positions (P, T, 3) from the volume's centre, moved by its deformation at the dose of each tilt."""
    volume = np.array(design.volume_ang)
    x, y, z = np.moveaxis(tracks_ang / volume, -1, 0)
    dose = np.broadcast_to(design.steps, x.shape)
    warps = design.warps
    shifts = [linear_grid_at(grid, x, y, z, dose) for grid in (warps.warp_x, warps.warp_y, warps.warp_z)]
    return tracks_ang - volume / 2 + np.stack(shifts, axis=-1)


def tilt_matrices(design: SeriesDesign) -> Floats:
    """Tomogram to tilt image (T, 3, 3): level about X, tilt about -Y, then the axis about Z."""
    level = matrices_about("x", np.full(design.count, design.level_angle_x_deg))
    tilt = matrices_about("y", -(design.angles_deg + design.level_angle_y_deg))
    return matrices_about("z", design.axis_angle_deg) @ tilt @ level


def angle_corrections(design: SeriesDesign) -> Floats:
    """Rotations (T, 3, 3) of the angle grids, in the image frame; they turn particles but move none."""
    warps = design.warps
    about_yx = matrices_about("y", warps.angle_y) @ matrices_about("x", warps.angle_x)
    return matrices_about("z", warps.angle_z) @ about_yx


def _in_image(design: SeriesDesign, turned_ang: Floats) -> Floats:
    """Image positions (P, T, 2) after the axis offsets and less the local movement."""
    size = np.array(design.image_ang)
    offsets = np.stack([design.axis_offset_x_ang, design.axis_offset_y_ang], axis=-1)
    placed = turned_ang + offsets + size / 2
    x, y = np.moveaxis(placed / size, -1, 0)
    step = np.broadcast_to(np.linspace(0, 1, design.count), x.shape)
    movement = [
        cubic_grid_at(grid, x, y, step) for grid in (design.warps.movement_x, design.warps.movement_y)
    ]
    return placed - np.stack(movement, axis=-1)
