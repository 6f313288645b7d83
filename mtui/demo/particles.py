"""Where the demo's particles are, how they lie, and how they move during the exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.demo.design import SeriesDesign
from mtui.demo.rotations import matrices_from_euler, random_euler

Floats = NDArray[np.float64]

CLEARANCE_ANG = 120.0
"""Least distance between the centres of two particles."""
BORDER_ANG = (170.0, 170.0, 80.0)
"""Least distance from the faces of the volume, so that every particle stays in the images."""
DRIFT_ANG = (14.0, -22.0, 27.0)
"""How far a moving particle creeps during the exposure, in its own frame."""
DRIFT_PACE = (0.0, 0.65, 1.0)
"""Share of the drift at the three key frames: fast at first, as beam-induced motion is."""


@dataclass(frozen=True, slots=True)
class Poses:
    """Key frames of particles in one series.

    ``positions_ang`` (P, K, 3) x, y, z from the volume's corner; ``angles_deg`` (P, K, 3) rot, tilt, psi.
    """

    positions_ang: Floats
    angles_deg: Floats

    def __len__(self) -> int:
        return len(self.positions_ang)


def scatter(design: SeriesDesign, count: int, rng: np.random.Generator) -> Floats:
    """Places (count, 3) in the volume, none closer to another than the clearance."""
    border = np.array(BORDER_ANG)
    room = np.array(design.volume_ang) - 2 * border
    places = np.empty((0, 3))
    while len(places) < count:
        candidate = border + room * rng.uniform(0, 1, 3)
        if (np.linalg.norm(places - candidate, axis=1) >= CLEARANCE_ANG).all():
            places = np.concatenate([places, candidate[None]])
    return places


def make_still(places_ang: Floats, rng: np.random.Generator) -> Poses:
    """Particles with one key frame, in all orientations."""
    return Poses(places_ang[:, None], random_euler(rng, len(places_ang))[:, None])


def make_moving(places_ang: Floats, rng: np.random.Generator) -> Poses:
    """Particles with three key frames that creep along an axis of their own and turn by some degrees.

    The drift is the same in every particle's own frame, so that ignoring it displaces and smears the average;
    drifts in all directions would only blur it evenly, which no correlation shows.
    """
    count = len(places_ang)
    angles = random_euler(rng, count)
    drift = np.einsum("pij,j->pi", matrices_from_euler(angles), np.array(DRIFT_ANG))
    pace = np.array(DRIFT_PACE)[None, :, None]
    wander = rng.normal(0, 2.0, (count, 3, 3)) * (pace > 0)
    turn = rng.normal(0, 4.0, (count, 1, 3))
    return Poses(places_ang[:, None] + pace * drift[:, None] + wander, angles[:, None] + pace * turn)
