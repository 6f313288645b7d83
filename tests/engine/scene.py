"""Small series whose geometry is known by heart, and particles in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtui.engine.export_unit import UnitResult, export_unit
from mtui.engine.series_context import ReconstructionSettings, SeriesInput, prepare_series
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import Frame, TiltGeometry

ANGPIX = 4.0


def plain_series(width: int = 72, height: int = 60, n_tilts: int = 7, seed: int = 1) -> SeriesInput:
    """Tilts from -45 to 45 degrees about y without any deformation, images of noise, a CTF in each."""
    none, grid = LinearGrid4D.constant(0.0), CubicGrid.constant(0.0)
    order = np.argsort(np.argsort(np.abs(np.arange(n_tilts) - n_tilts // 2), kind="stable"))
    geometry = TiltGeometry(
        angles_deg=np.linspace(-45.0, 45.0, n_tilts) if n_tilts > 1 else np.zeros(1),
        dose=3.0 * order.astype(np.float64),
        use_tilt=np.ones(n_tilts, dtype=bool),
        axis_angle_deg=np.zeros(n_tilts),
        axis_offset_x_ang=np.zeros(n_tilts),
        axis_offset_y_ang=np.zeros(n_tilts),
        level_angle_x_deg=0.0,
        level_angle_y_deg=0.0,
        angles_inverted=False,
        magnification=np.eye(2),
        movement_x=grid,
        movement_y=grid,
        angle_x=grid,
        angle_y=grid,
        angle_z=grid,
        defocus_um=CubicGrid(np.linspace(2.0, 3.0, n_tilts)[:, None, None]),
        warp_x=none,
        warp_y=none,
        warp_z=none,
    )
    ctf = SeriesCtf(
        voltage_kv=300.0,
        cs_mm=2.7,
        amplitude=0.1,
        angpix_delta=0.0,
        angpix_delta_angle_deg=0.0,
        scale=1.0,
        bfactor_ang2=0.0,
        defocus_delta_um=np.linspace(0.1, 0.3, n_tilts),
        defocus_angle_deg=np.linspace(-20.0, 80.0, n_tilts),
        phase_pi=np.linspace(0.0, 0.2, n_tilts),
        dose_bfactors=grid,
        dose_bfactors_delta=grid,
        dose_bfactors_angle=grid,
        dose_weights=CubicGrid.constant(1.0),
        location_bfactors=grid,
        location_weights=CubicGrid.constant(1.0),
    )
    size = width * ANGPIX, height * ANGPIX
    images = np.random.default_rng(seed).normal(size=(n_tilts, height, width)).astype(np.float32)
    return SeriesInput("plain", images, geometry, ctf, Frame((*size, 100.0), size))


def random_particles(series: SeriesInput, count: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Positions (P, 1, 3) in Å inside the tomogram, and angles (P, 1, 3) in degrees."""
    random = np.random.default_rng(seed)
    size = np.asarray(series.frame.volume_ang)
    positions = random.uniform(0.35, 0.65, (count, 1, 3)) * size
    return positions, random.uniform(-180.0, 180.0, (count, 1, 3)) * (1.0, 0.5, 1.0)


@dataclass(frozen=True)
class SmallExport:
    """Particles of a small series, and what they are reconstructed to as a CPU does it."""

    series: SeriesInput
    settings: ReconstructionSettings
    particles: tuple[np.ndarray, np.ndarray]
    expected: tuple[UnitResult, ...]

    def check(self, found: Sequence[UnitResult]) -> None:
        """Whether other results are the same but for rounding, however they are cut into slices."""
        (volumes, ctfs), (other_volumes, other_ctfs) = (
            [np.concatenate([getattr(part, name) for part in parts]) for name in ("volumes", "ctfs")]
            for parts in (found, self.expected)
        )
        assert volumes.shape == other_volumes.shape
        assert max(map(relative_rms, volumes, other_volumes)) < 1e-5
        assert np.abs(ctfs - other_ctfs).max() < 1e-5


def small_export(*, prerotate: bool) -> SmallExport:
    """21 particles."""
    series = plain_series()
    settings = ReconstructionSettings(ANGPIX, 12, 24, 3, prerotate=prerotate)
    particles = random_particles(series, 21)
    return SmallExport(
        series, settings, particles, tuple(export_unit(prepare_series(series, settings), *particles))
    )


def relative_rms(values: np.ndarray, expected: np.ndarray) -> float:
    """Of their difference, over the root mean square of ``expected``."""
    return float(np.sqrt(np.mean(np.abs(values - expected) ** 2) / np.mean(np.abs(expected) ** 2)))
