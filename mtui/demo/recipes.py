"""The demo's tilt series: five recipes that between them show every kind of metadata M writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.demo.design import Lens, SeriesDesign, Warps

Floats = NDArray[np.float64]

DOSE_PER_TILT = 3.0
MOVEMENT_ANG = 16.0
WARP_ANG = 26.0
ANGLE_DEG = 1.5


@dataclass(frozen=True, slots=True)
class Stage:
    """What the series of one source share: camera and specimen geometry."""

    raw_angpix: float
    raw_size_px: tuple[int, int]
    average_angpix: float
    volume_px: tuple[int, int, int]
    axis_angle_deg: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """What sets one tilt series apart."""

    root: str
    first_deg: float
    spacing_deg: float
    count: int
    defocus_um: float
    movement_nodes: tuple[int, int]
    warp_nodes: tuple[int, int, int, int]
    raw_size_px: tuple[int, int] | None = None
    deselected: tuple[int, ...] = ()
    angles_inverted: bool = False
    phase_pi: float = 0.0
    magnification: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 1.0)
    is_fitted: bool = False
    has_raw: bool = True


GRID_STAGE = Stage(2.5, (646, 590), 4.0, (560, 624, 168), 84.2)
LAMELLA_STAGE = Stage(1.6, (1022, 934), 4.0, (975, 875, 250), -3.7)

GRID_RECIPES = (
    Recipe("grid_01", -60, 3, 41, 2.4, (4, 3), (3, 3, 2, 5)),
    Recipe("grid_02", -51, 3, 35, 3.2, (3, 3), (2, 3, 2, 4), deselected=(2, 24), is_fitted=True),
    Recipe("grid_03", -48, 3, 33, 1.8, (2, 2), (3, 2, 2, 6), phase_pi=0.3),
)
LAMELLA_RECIPES = (
    Recipe("lamella_1", -48, 3, 37, 3.7, (3, 4), (3, 3, 2, 5), angles_inverted=True),
    Recipe(
        "lamella_2",
        -60,
        6,
        21,
        2.8,
        (3, 3),
        (4, 3, 2, 5),
        raw_size_px=(1020, 930),
        magnification=(1.012, 0.004, -0.006, 0.991),
        has_raw=False,
    ),
)


def make_design(stage: Stage, recipe: Recipe, rng: np.random.Generator) -> SeriesDesign:
    """A tilt series with smooth random deformations."""
    count = recipe.count
    angles_deg = (
        recipe.first_deg + recipe.spacing_deg * np.arange(count) + rng.normal(0, 0.02, count).round(2)
    )
    dose = DOSE_PER_TILT * exposure_ranks(angles_deg)
    raw_size_px = recipe.raw_size_px or stage.raw_size_px
    x, y, z = (size * stage.raw_angpix for size in stage.volume_px)
    return SeriesDesign(
        root=recipe.root,
        angles_deg=angles_deg,
        dose=dose,
        use_tilt=~np.isin(np.arange(count), recipe.deselected),
        axis_angle_deg=stage.axis_angle_deg + 0.3 * np.sin(np.radians(angles_deg)),
        axis_offset_x_ang=30 * np.sin(np.radians(angles_deg)) + rng.normal(0, 8, count),
        axis_offset_y_ang=-20 * np.sin(np.radians(2 * angles_deg)) + rng.normal(0, 8, count),
        level_angle_x_deg=float(rng.uniform(2, 4)),
        level_angle_y_deg=float(rng.uniform(-6, -3)),
        angles_inverted=recipe.angles_inverted,
        magnification=np.array(recipe.magnification).reshape(2, 2),
        warps=make_warps(recipe, rng),
        lens=make_lens(recipe, dose, rng),
        dose_weights=np.cos(np.radians(0.9 * angles_deg)) ** 1.5 if recipe.is_fitted else None,
        dose_bfactors_ang2=-5.5 * dose - 20 if recipe.is_fitted else None,
        volume_ang=(x, y, z),
        raw_size_px=raw_size_px,
        raw_angpix=stage.raw_angpix,
        average_size_px=(
            _even(raw_size_px[0] * stage.raw_angpix / stage.average_angpix),
            _even(raw_size_px[1] * stage.raw_angpix / stage.average_angpix),
        ),
        average_angpix=stage.average_angpix,
        has_raw=recipe.has_raw,
    )


def exposure_ranks(angles_deg: Floats) -> Floats:
    """When each tilt was exposed (T,), from 0: dose-symmetric in groups of two (Hagen et al., 2017)."""
    start = int(np.argmin(np.abs(angles_deg)))
    sides = [list(range(start + 1, len(angles_deg))), list(range(start - 1, -1, -1))]
    order = [start]
    while sides[0] or sides[1]:
        order += sides[0][:2]
        sides = [sides[1], sides[0][2:]]
    ranks = np.empty(len(angles_deg))
    ranks[order] = np.arange(len(angles_deg))
    return ranks


def make_lens(recipe: Recipe, dose: Floats, rng: np.random.Generator) -> Lens:
    """A 300 kV lens whose focus wanders from tilt to tilt."""
    count = recipe.count
    return Lens(
        voltage_kv=300.0,
        cs_mm=2.7,
        amplitude=0.1,
        defocus_um=recipe.defocus_um + 0.05 * np.sin(dose / 15) + rng.normal(0, 0.02, count),
        defocus_delta_um=rng.uniform(0.04, 0.1, count),
        defocus_angle_deg=rng.uniform(20, 40, count),
        phase_pi=recipe.phase_pi + (0.0005 * dose if recipe.phase_pi else np.zeros(count)),
    )


def make_warps(recipe: Recipe, rng: np.random.Generator) -> Warps:
    """Deformations as M finds them, larger than usual; M leaves the first slice of the volume as it is."""
    movement = [_waves(rng, recipe.count, *recipe.movement_nodes[::-1]) for _ in range(2)]
    warps = [rng.uniform(-1, 1, recipe.warp_nodes[::-1]) for _ in range(3)]
    for warp in warps:
        warp[0, 0] = 0
    angles = [_waves(rng, recipe.count, 1, 1)[:, 0, 0] for _ in range(3)]
    return Warps(
        *(MOVEMENT_ANG * grid for grid in movement),
        *(WARP_ANG * grid for grid in warps),
        *(ANGLE_DEG * grid for grid in angles),
    )


def _waves(rng: np.random.Generator, tilts: int, height: int, width: int) -> Floats:
    """Values (tilt, y, x) about -1 to 1 that run smoothly over the tilts, each node its own way."""
    tilt = np.linspace(0, 1, tilts)[:, None, None]
    waves = np.zeros((tilts, height, width))
    for frequency in (0.6, 1.4):
        phase = rng.uniform(0, 2 * np.pi, (height, width))
        waves += 0.7 * np.sin(2 * np.pi * frequency * tilt + phase)
    return waves


def _even(size: float) -> int:
    return 2 * round(size / 2)
