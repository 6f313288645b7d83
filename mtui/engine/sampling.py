"""Where the samples of tilt images fall in the Fourier volume, and onto which voxels they are spread.

A sample k of a tilt with matrix R (volume to image) and magnification A lies at q = R^T (A k, 0) (RELION's
back-projection as in M's ``Projector.BackProject``: no curvature of the Ewald sphere) and is spread
trilinearly over eight voxels. Only half the volume is kept: a sample with q_x < 0 is replaced by its mirror
image -q and its complex conjugate. The plane x = 0 holds each sample once; what M adds at the opposite voxel
there is left to ``spectrum``.

Samples and voxels are numbered as in ``half_space``; voxels with |v| >= S/2 are left out (M zeroes them).

M rounds the tap weights to binary16 (about 1e-4 of a volume) and takes ``floor(x + 1e-5)`` along x; neither
is done here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int, Int32

from mtui.engine.half_space import image_frequencies, n_image_samples, voxel_number


class Samples(NamedTuple):
    """Samples of one tilt that take part."""

    number: Int[np.ndarray, " sample"]  # in the image, (y, x) flattened
    position: Float64[np.ndarray, "sample 2"]  # A k, in cycles per box


class Taps(NamedTuple):
    """A sparse matrix from samples to voxels as lists of entries."""

    voxel: Int32[np.ndarray, " tap"]
    sample: Int32[np.ndarray, " tap"]  # tilt * samples per image + number
    weight: Float32[np.ndarray, " tap"]


def kept_samples(size_px: int, magnification: Float64[np.ndarray, "2 2"]) -> Samples:
    """Samples strictly inside Nyquist after magnification; of the column x = 0 only y >= 0."""
    x, y = image_frequencies(size_px)
    number = np.arange(x.size).reshape(x.shape)
    position = np.stack([x, y], axis=-1) @ np.asarray(magnification).T
    once = (x > 0) | (y >= 0)
    kept = once & (np.sum(position**2, axis=-1) < (size_px // 2) ** 2)
    return Samples(number[kept], position[kept])


def mirrored_samples(
    samples: Samples, matrix: Float64[np.ndarray, "3 3"]
) -> tuple[Float64[np.ndarray, "sample 3"], Float32[np.ndarray, " sample"]]:
    """Positions q with q_x >= 0 in one tilt, and -1 for each sample whose conjugate counts (else 1)."""
    q = samples.position @ matrix[:2]
    mirrored = q[:, 0] < 0.0
    return np.where(mirrored[:, None], -q, q), np.where(mirrored, -1.0, 1.0).astype(np.float32)


def conjugate_signs(
    size_px: int, samples: Samples, matrices: Float64[np.ndarray, "tilt 3 3"]
) -> Float32[np.ndarray, "tilt y x"]:
    """-1 for every sample of every tilt that is inserted as its complex conjugate."""
    signs = np.ones((len(matrices), n_image_samples(size_px)), dtype=np.float32)
    for tilt, matrix in enumerate(matrices):
        signs[tilt, samples.number] = mirrored_samples(samples, matrix)[1]
    return signs.reshape(len(matrices), size_px, size_px // 2 + 1)


def compute_taps(size_px: int, samples: Samples, matrices: Float64[np.ndarray, "tilt 3 3"]) -> Taps:
    """Voxels and weights of every sample of every tilt."""
    parts = [
        _tilt_taps(size_px, samples, tilt, mirrored_samples(samples, matrix)[0])
        for tilt, matrix in enumerate(matrices)
    ]
    return Taps(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _tilt_taps(size_px: int, samples: Samples, tilt: int, q: Float64[np.ndarray, "sample 3"]) -> Taps:
    per_tilt = n_image_samples(size_px)
    base = np.floor(q).astype(np.int32)
    fraction = (q - base).astype(np.float32)
    voxels, numbers, weights = [], [], []
    for corner in _corners():
        voxel = base + corner
        weight = np.prod(np.where(corner, fraction, 1.0 - fraction), axis=1)
        inside = (np.sum(voxel**2, axis=1) < (size_px // 2) ** 2) & (weight != 0.0)
        voxels.append(voxel_number(voxel[inside], size_px))
        numbers.append(samples.number[inside] + tilt * per_tilt)
        weights.append(weight[inside])
    return Taps(
        np.concatenate(voxels).astype(np.int32),
        np.concatenate(numbers).astype(np.int32),
        np.concatenate(weights).astype(np.float32),
    )


def _corners() -> Iterator[Int32[np.ndarray, " 3"]]:
    for number in range(8):
        yield np.array([number & 1, number >> 1 & 1, number >> 2], dtype=np.int32)
