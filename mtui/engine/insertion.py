"""Spreading the samples of a tilt over voxels where every particle has its own orientation.

The same rules as in ``sampling``, evaluated in the compiled program: positions, taps and weights differ from
particle to particle, so each has its own sums and its own multiplicity. Voxels are in the order (z, y, x)
here: along z and y rows as in ``half_space`` and one more for -S/2, and columns to x = S/2, so that no tap
needs to be checked. Rows "-0" and everything outside the sphere are dropped when a slab is read.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mtui.engine.fusion import materialize
from mtui.engine.half_space import volume_index, volume_row
from mtui.engine.slabs import SlabGroup, count_planes
from mtui.engine.spectrum import CTF, IMAGINARY, REAL, WEIGHT, spectrum_factor

TAPS = 4  # channel of the sums of weights
CHANNELS = 5  # those of spectrum, and the sums of weights

Sums = Float[Array, "particle z y x channel"]


class RotatedInsertion(NamedTuple):
    """The samples of a tilt that take part, before they are rotated."""

    number: Int[Array | np.ndarray, " sample"]  # in the image
    position: Float[Array | np.ndarray, "axis sample"]  # A k in cycles per box, x and y
    kept: Float[Array | np.ndarray, " sample"]  # 1, and 0 for padding


def empty_sums(size_px: int, n_particles: int, groups: tuple[SlabGroup, ...]) -> Sums:
    """Sums before anything is inserted; there are columns for every plane of the slabs."""
    columns = max(size_px // 2 + 1, count_planes(groups))
    return jnp.zeros((n_particles, size_px + 1, size_px + 1, columns, CHANNELS), dtype=jnp.float32)


def insert_tilts(
    sums: Sums,
    samples: tuple[Float[Array, "tilt y x particle"], ...],
    insertion: RotatedInsertion,
    matrices: Float[Array, "tilt particle 3 3"],
    takes_part: Bool[Array, " tilt"],
    size_px: int,
) -> Sums:
    """Add the samples of some tilts (the four channels of ``spectrum``) to the sums of every particle."""
    n_particles = matrices.shape[1]
    x, y = insertion.position
    kept = (takes_part[:, None] * insertion.kept).reshape(-1)

    def chosen(channel: Float[Array, "tilt y x particle"]) -> Float[Array, "particle sample"]:
        rows = channel.reshape(len(channel), -1, n_particles)
        rows = jnp.take(rows, insertion.number, axis=1, mode="clip")
        return jnp.moveaxis(rows.reshape(-1, n_particles), -1, 0) * kept

    rows = jnp.moveaxis(matrices[:, :, :2], 0, 1)[..., None]  # particle, tilt, axis of the image, axis, 1
    q = [(rows[:, :, 0, axis] * x + rows[:, :, 1, axis] * y).reshape(n_particles, -1) for axis in range(3)]
    sign = jnp.where(q[0] < 0.0, -1.0, 1.0)
    channels = [chosen(channel) for channel in samples]
    channels[IMAGINARY] = channels[IMAGINARY] * sign
    channels.append(jnp.broadcast_to(kept, channels[0].shape))
    base = [jnp.floor(sign * axis) for axis in q]
    fraction = [sign * axis - below for axis, below in zip(q, base, strict=True)]
    values = materialize(jnp.stack(channels, axis=-1))
    flat = sums.reshape(-1, CHANNELS)
    for corner in itertools.product((0, 1), repeat=3):
        weight = [part if picked else 1.0 - part for part, picked in zip(fraction, corner, strict=True)]
        voxel = [below.astype(jnp.int32) + picked for below, picked in zip(base, corner, strict=True)]
        number = _number(voxel, sums.shape, size_px)
        taps = values * (weight[0] * weight[1] * weight[2])[..., None]
        flat = flat.at[number.reshape(-1)].add(taps.reshape(-1, CHANNELS), mode="promise_in_bounds")
    return flat.reshape(sums.shape)


def compute_spectra(sums: Sums, size_px: int) -> tuple[Float[Array, "particle z y x"], ...]:
    """Spectra ``REAL``, ``IMAGINARY`` and ``CTF`` of all voxels, rows along z and y as in ``half_space``."""
    sums = sums[:, :size_px, :size_px]
    weight, taps = (_add_opposite(sums[..., channel], size_px) for channel in (WEIGHT, TAPS))
    multiplicity = jnp.minimum(taps, 1.0).at[:, 0, 0, 0].multiply(0.5)
    factor = spectrum_factor(jnp.where(_inside(size_px, sums.shape[3]), multiplicity, 0.0), weight)
    # XLA would divide anew for each of the three spectra.
    factor = materialize(factor)
    return tuple(sums[..., channel] * factor for channel in (REAL, IMAGINARY, CTF))


def read_slab(
    spectra: tuple[Float[Array, "particle z y x"], ...], slab: Array, group: SlabGroup
) -> tuple[Float[Array, "sign_z z sign_y y column"], ...]:
    """Each spectrum of a slab's voxels in the order of ``box_transform.transform_slab``."""

    def read(spectrum: Float[Array, "particle z y x"]) -> Float[Array, "sign_z z sign_y y column"]:
        planes = jax.lax.dynamic_slice_in_dim(spectrum, slab * group.width, group.width, axis=3)
        half, extent = spectrum.shape[1] // 2, group.extent
        split = planes.reshape(-1, 2, half, 2, half, group.width)[:, :, :extent, :, :extent]
        return jnp.moveaxis(split, 0, -1).reshape(2, extent, 2, extent, -1)

    return tuple(read(spectrum) for spectrum in spectra)


def _number(voxel: list[Int[Array, "particle sample"]], shape: tuple[int, ...], size_px: int) -> Array:
    """Index of voxels x, y, z among those of all particles."""
    x, y, z = voxel
    rows = [jnp.where(axis >= 0, axis, size_px // 2 - axis) for axis in (z, y)]
    particle = jnp.arange(shape[0], dtype=jnp.int32)[:, None]
    return ((particle * shape[1] + rows[0]) * shape[2] + rows[1]) * shape[3] + x


def _add_opposite(values: Float[Array, "particle z y x"], size_px: int) -> Float[Array, "particle z y x"]:
    """Add to every voxel of the plane x = 0 but the origin what the opposite one holds."""
    opposite = volume_row(-volume_index(size_px), size_px)
    plane = values[..., 0]
    mirrored = plane[:, opposite][:, :, opposite].at[:, 0, 0].set(0.0)
    return values.at[..., 0].set(plane + mirrored)


def _inside(size_px: int, n_columns: int) -> Bool[Array, "z y x"]:
    """Voxels inside the sphere, without rows "-0"."""
    half = size_px // 2
    square = volume_index(size_px) ** 2
    square[half] = half**2
    x = jnp.arange(n_columns)
    return jnp.asarray(square[:, None] + square)[..., None] + x * x < half**2
