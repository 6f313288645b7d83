"""A tilt series without deformations, to test one effect at a time."""

from __future__ import annotations

import numpy as np

from mtui.demo.design import Lens, SeriesDesign, Warps


def flat_series(angles_deg: tuple[float, ...] = (-40.0, 0.0, 40.0)) -> SeriesDesign:
    """A series that is level, centred, and seen through a lens that shows density as it is."""
    count = len(angles_deg)
    zeros, node = np.zeros(count), np.zeros((1, 1, 1, 1))
    return SeriesDesign(
        root="flat",
        angles_deg=np.array(angles_deg),
        dose=np.linspace(0.0, 1e-6, count),
        use_tilt=np.ones(count, np.bool_),
        axis_angle_deg=zeros,
        axis_offset_x_ang=zeros,
        axis_offset_y_ang=zeros,
        level_angle_x_deg=0.0,
        level_angle_y_deg=0.0,
        angles_inverted=False,
        magnification=np.eye(2),
        warps=Warps(node[0], node[0], node, node, node, zeros, zeros, zeros),
        lens=Lens(300.0, 0.0, 0.0, zeros, zeros, zeros, zeros + 0.5),
        dose_weights=np.ones(count),
        dose_bfactors_ang2=zeros,
        volume_ang=(600.0, 500.0, 200.0),
        raw_size_px=(400, 360),
        raw_angpix=2.0,
        average_size_px=(200, 180),
        average_angpix=4.0,
        has_raw=True,
    )
