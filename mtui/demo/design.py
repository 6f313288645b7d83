"""What one synthetic tilt series is made of: the truth behind its images and its metadata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Warps:
    """Deformation grids: what moved while the series was exposed.

    ``movement_x/y`` (T, y, x) are the image shifts in Å that M subtracts; ``warp_x/y/z`` (dose, z, y, x)
    the volume shifts in Å that M adds; ``angle_x/y/z`` (T,) rotations of the image frame in degrees.
    """

    movement_x: Floats
    movement_y: Floats
    warp_x: Floats
    warp_y: Floats
    warp_z: Floats
    angle_x: Floats
    angle_y: Floats
    angle_z: Floats


@dataclass(frozen=True, slots=True)
class Lens:
    """The microscope's contrast transfer: constants, and one value per tilt (T,)."""

    voltage_kv: float
    cs_mm: float
    amplitude: float
    defocus_um: Floats
    defocus_delta_um: Floats
    defocus_angle_deg: Floats
    phase_pi: Floats


@dataclass(frozen=True, slots=True)
class SeriesDesign:
    """One tilt series. Arrays per tilt (T,) are in the order of the tilt angle, as the XML lists them.

    ``magnification`` (2, 2), rows first, multiplies the frequencies of an image to give the specimen's.
    ``dose_weights`` and ``dose_bfactors_ang2`` are fitted values (T,), or ``None`` where M falls back to
    the cosine of the tilt and to -4 times the dose. ``volume_ang`` is x, y, z; the image sizes are width,
    height.
    """

    root: str
    angles_deg: Floats
    dose: Floats
    use_tilt: NDArray[np.bool_]
    axis_angle_deg: Floats
    axis_offset_x_ang: Floats
    axis_offset_y_ang: Floats
    level_angle_x_deg: float
    level_angle_y_deg: float
    angles_inverted: bool
    magnification: Floats
    warps: Warps
    lens: Lens
    dose_weights: Floats | None
    dose_bfactors_ang2: Floats | None
    volume_ang: tuple[float, float, float]
    raw_size_px: tuple[int, int]
    raw_angpix: float
    average_size_px: tuple[int, int]
    average_angpix: float
    has_raw: bool

    @property
    def count(self) -> int:
        """Number of tilts."""
        return len(self.angles_deg)

    @property
    def image_ang(self) -> tuple[float, float]:
        """Width and height of the field of view in Å."""
        return self.raw_size_px[0] * self.raw_angpix, self.raw_size_px[1] * self.raw_angpix

    @property
    def steps(self) -> Floats:
        """How far the exposure has come at each tilt, 0 at the first exposed and 1 at the last (T,)."""
        first, last = float(self.dose.min()), float(self.dose.max())
        return (self.dose - first) / (last - first)

    @property
    def envelope_scales(self) -> Floats:
        """Loss of signal per tilt (T,) by the thicker specimen, as M models it."""
        scales = np.cos(np.radians(self.angles_deg)) if self.dose_weights is None else self.dose_weights
        return np.asarray(scales, dtype=np.float64)

    @property
    def envelope_bfactors_ang2(self) -> Floats:
        """Loss of signal per tilt (T,) by radiation, as M models it: exp(B k^2 / 4), B <= -3 dose."""
        if self.dose_bfactors_ang2 is None:
            return -4 * self.dose
        return np.minimum(self.dose_bfactors_ang2, -3 * self.dose)
