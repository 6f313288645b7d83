"""The molecules of the demo: lumps of Gaussians without any symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phantom:
    """A density of equal-width Gaussians, sum of amplitude * exp(-|r - centre|^2 / (2 sigma^2)).

    ``centres_ang`` (G, 3) are x, y, z in Å from the particle's centre in the map's frame, ``amplitudes``
    (G,). One width for all keeps the Fourier transform of a projection a product of one factor per image
    axis.
    """

    centres_ang: Floats
    amplitudes: Floats
    sigma_ang: float


def make_phantom(
    rng: np.random.Generator, count: int, half_axes_ang: tuple[float, float, float], sigma_ang: float
) -> Phantom:
    """Gaussians packed at random into an ellipsoid, centred on their mean.

    Packing them at random makes the density chiral and unlike itself in every other orientation, so that a
    wrong hand or a wrong rotation cannot go unnoticed.
    """
    half_axes = np.array(half_axes_ang)
    spacing = 1.2 * float(np.prod(half_axes) / count) ** (1 / 3)
    centres: list[Floats] = []
    while len(centres) < count:
        candidate = rng.uniform(-1, 1, 3)
        if np.linalg.norm(candidate) > 1:
            continue
        candidate = candidate * half_axes
        if all(np.linalg.norm(candidate - other) >= spacing for other in centres):
            centres.append(candidate)
        else:
            spacing *= 0.999
    amplitudes = rng.uniform(0.5, 1.6, count)
    stacked = np.array(centres)
    return Phantom(stacked - np.average(stacked, axis=0, weights=amplitudes), amplitudes, sigma_ang)


def sample_phantom(phantom: Phantom, box_px: int, angpix: float) -> NDArray[np.float32]:
    """The density on a grid (z, y, x) of ``box_px`` voxels, the particle's centre at index box/2."""
    grid_ang = (np.arange(box_px) - box_px // 2) * angpix
    offsets = grid_ang - phantom.centres_ang[:, :, None]
    x, y, z = np.exp(-(offsets**2) / (2 * phantom.sigma_ang**2)).transpose(1, 0, 2)
    volume: Floats = np.einsum("g,gz,gy,gx->zyx", phantom.amplitudes, z, y, x)
    return volume.astype(np.float32)
