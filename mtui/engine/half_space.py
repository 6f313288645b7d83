"""Orders of Fourier samples and voxels inside the engine.

Images: the order of ``rfft2``, (S, S/2 + 1), with one difference in meaning: row S/2 is the frequency
**+S/2**, as in M (NumPy calls it -S/2). Nyquist samples take part in a reconstruction only where
magnification moves them inside.

Volumes: only voxels with x >= 0 and |v| < S/2 exist. They are numbered in the order (x, z, y): x = 0 ... S/2
- 1; along z and y rows 0 ... S/2 - 1, then -0, -1 ... -(S/2 - 1). Rows "-0" are empty; with them, voxels and
their mirror images across the planes z = 0 and y = 0 are the two halves of one array.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int


def image_frequencies(size_px: int) -> tuple[Float64[np.ndarray, "y x"], Float64[np.ndarray, "y x"]]:
    """x and y of every image sample in cycles per box, each (S, S/2 + 1)."""
    half = size_px // 2
    rows = np.arange(size_px)
    y, x = np.meshgrid(np.where(rows <= half, rows, rows - size_px), np.arange(half + 1), indexing="ij")
    return x.astype(np.float64), y.astype(np.float64)


def n_image_samples(size_px: int) -> int:
    """Samples of one image."""
    return size_px * (size_px // 2 + 1)


def n_voxels(size_px: int) -> int:
    """Numbers of voxels, empty ones included."""
    return size_px * size_px * (size_px // 2)


def volume_index(size_px: int) -> Int[np.ndarray, " size"]:
    """0 ... size/2 - 1, then -0 ... -(size/2 - 1): the signed frequency of each row of a volume."""
    half = np.arange(size_px // 2)
    return np.concatenate([half, -half])


def volume_row(index: Int[np.ndarray, "*shape"], size_px: int) -> Int[np.ndarray, "*shape"]:
    """Row of a signed frequency in a volume; the inverse of ``volume_index`` apart from rows "-0"."""
    return np.where(index >= 0, index, size_px // 2 - index)


def voxel_number(voxel: Int[np.ndarray, "*batch 3"], size_px: int) -> Int[np.ndarray, "*batch"]:
    """Number of a voxel (x, y, z), x >= 0."""
    z, y = volume_row(voxel[..., 2], size_px), volume_row(voxel[..., 1], size_px)
    number: np.ndarray = (voxel[..., 0] * size_px + z) * size_px + y
    return number


def opposite_number(number: Int[np.ndarray, "*batch"], size_px: int) -> Int[np.ndarray, "*batch"]:
    """Number of -v for voxels v of the plane x = 0."""
    opposite = volume_row(-volume_index(size_px), size_px)
    result: np.ndarray = opposite[number // size_px] * size_px + opposite[number % size_px]
    return result
