"""Cutting a half Fourier volume into slabs of neighbouring planes of constant x.

On a CPU a slab is small enough to stay in cache while its voxels are summed, divided and transformed along z
and y. Slabs far from the origin hold less of the sphere |v| < S/2, so groups of slabs share an extent in y
and z: one loop is compiled per group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

CPU_SLAB_BYTES = 2 * 2**20
DEVICE_SLAB_BYTES = 2**30
FEWEST_COLUMNS = 32
EXTENT_STEP = 4
GROUPS = 4


class SlabGroup(NamedTuple):
    """Slabs of one shape."""

    first: int  # number of the first slab
    n_slabs: int
    width: int  # planes per slab
    extent: int  # |y| and |z| are below this


def plan_slabs(size_px: int, columns: int, slab_bytes: int = CPU_SLAB_BYTES) -> tuple[SlabGroup, ...]:
    """Groups of slabs that cover x = 0 ... S/2 - 1; the slab with the plane x = 0 is a group of its own.

    The last slab may reach beyond S/2 - 1, where there are no voxels.

    Parameters
    ----------
    size_px
        Super-box S.
    columns
        Numbers per voxel that lie side by side in an array: spectra times particles, or fewer.
    slab_bytes
        Size of a slab, unless its rows would become too short.
    """
    half = size_px // 2
    per_plane = 4 * half * half * columns * 4
    width = min(half, max(1, -(-FEWEST_COLUMNS // columns), slab_bytes // per_plane))
    n_slabs = -(-half // width)
    starts = sorted({0, 1, *(round(n_slabs * k / GROUPS) for k in range(1, GROUPS))} - {n_slabs})
    ends = [*starts[1:], n_slabs]
    return tuple(
        SlabGroup(start, end - start, width, _extent(size_px, start * width))
        for start, end in zip(starts, ends, strict=True)
    )


def count_planes(groups: tuple[SlabGroup, ...]) -> int:
    """Planes of all slabs, empty ones beyond S/2 - 1 included."""
    return sum(group.n_slabs * group.width for group in groups)


def slab_numbers(size_px: int, group: SlabGroup) -> Int[np.ndarray, "sign_z z sign_y y x"]:
    """Numbers of a slab's voxels, counted from its first plane; see ``half_space``."""
    half = size_px // 2
    row = np.arange(2)[:, None] * half + np.arange(group.extent)
    plane = (row[:, :, None, None] * size_px + row)[..., None]
    return plane + np.arange(group.width) * size_px * size_px


def _extent(size_px: int, x: int) -> int:
    half = size_px // 2
    y = np.arange(half)
    exact = int(np.count_nonzero(x * x + y * y < half * half))
    return min(half, -(-exact // EXTENT_STEP) * EXTENT_STEP)
