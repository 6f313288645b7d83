"""The work that benchmarks do: a real series' geometry with 41 tilts, 400 x 400 pixels of noise at 10 Å."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtui.engine.series_context import ReconstructionSettings, SeriesInput
from mtui.geometry.tilts import Frame
from tests.engine.golden import read_metadata

ANGPIX = 10.0
IMAGE_PX = 400
VOLUME_ANG = (IMAGE_PX * ANGPIX, IMAGE_PX * ANGPIX, 1000.0)


@dataclass(frozen=True)
class Particles:
    """Positions and angles of particles that do not move."""

    positions_ang: np.ndarray  # (P, 3)
    angles_deg: np.ndarray  # (P, 3)


def make_series(xml: Path) -> SeriesInput:
    """The series of the benchmarks."""
    geometry, ctf = read_metadata(xml)
    random = np.random.default_rng(7)
    images = random.standard_normal((geometry.n_tilts, IMAGE_PX, IMAGE_PX)).astype(np.float32)
    frame = Frame(volume_ang=VOLUME_ANG, image_ang=VOLUME_ANG[:2])
    return SeriesInput("benchmark", images, geometry, ctf, frame)


def make_settings(box_px: int, prerotate: bool) -> ReconstructionSettings:
    """Reconstruct in twice the box, as the peer does."""
    return ReconstructionSettings(
        angpix=ANGPIX,
        box_px=box_px,
        super_box_px=2 * box_px,
        norm_radius_px=box_px // 4,
        prerotate=prerotate,
    )


def make_particles(count: int) -> Particles:
    """Random particles well inside the tomogram."""
    random = np.random.default_rng(11)
    positions = random.uniform(0.3, 0.7, (count, 3)) * np.asarray(VOLUME_ANG)
    return Particles(positions, random.uniform(-180.0, 180.0, (count, 3)) * (1.0, 0.5, 1.0))
