"""The tomogram that image series belong to, as if it had been reconstructed at the output pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.profiles.poses import SeriesFacts


def tomogram_size_px(series: SeriesFacts) -> tuple[int, int, int]:
    """x, y, z in output pixels, rounded, at least 1 (WarpTools since 2.0.0dev40)."""
    x, y, z = (max(1, round(edge / series.angpix)) for edge in series.volume_ang)
    return x, y, z


def tomogram_centre_ang(series: SeriesFacts) -> NDArray[np.float64]:
    """(3,) what RELION and cryoDRGN take for the centre: half of the size in pixels."""
    return np.array(tomogram_size_px(series)) * series.angpix / 2
