"""The two kinds of particle in the demo."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np

from mtui.demo.phantom import Phantom, make_phantom

ANGPIX = 5.0
"""Pixel size of the maps, and of an export by default."""
SIGMA_ANG = 4.5


@dataclass(frozen=True, slots=True)
class Kind:
    """A species: how it looks and how it behaves."""

    name: str
    diameter_ang: int
    half_axes_ang: tuple[float, float, float]
    blobs: int
    weight_kda: int
    is_moving: bool
    per_series: int
    """Particles in each tilt series."""


KINDS = (
    Kind("anchor", 80, (37.0, 30.0, 22.0), 16, 120, is_moving=False, per_series=16),
    Kind("slow drifter", 70, (33.0, 26.0, 19.0), 13, 90, is_moving=True, per_series=14),
)


def kind_phantom(kind: Kind, number: int, seed: int) -> Phantom:
    """The density of a kind."""
    return make_phantom(np.random.default_rng([seed, 1, number]), kind.blobs, kind.half_axes_ang, SIGMA_ANG)


def demo_guid(seed: int, what: str) -> str:
    """A GUID that is always the same for one thing in the demo of one seed."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.{seed}.demo.mtui"))
