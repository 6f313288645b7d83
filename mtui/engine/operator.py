"""The fixed sparse operator of a series: samples of all tilts to voxels, applied to many particles at once.

The voxels of a slab are sorted by how many taps they have and cut into chunks; a chunk's taps are padded to
those of its fullest voxel and cut into units of a few taps per voxel. A unit is a gather of whole rows (one
row = all channels of all particles of one sample), multiplied and added up in one pass. So there is no
scatter, the sum of a voxel has a fixed order, and all arrays but the units have shapes that depend on sizes
alone.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Int32

from mtui.engine.fusion import materialize
from mtui.engine.spectrum import WEIGHT, spectrum_factor

CHUNK_VOXELS = 512
UNIT_TAPS = 4


class Units(NamedTuple):
    """Taps of all slabs, one slab after the other."""

    sample: Int32[Array | np.ndarray, "unit chunk_voxel unit_tap"]
    weight: Float[Array | np.ndarray, "unit chunk_voxel unit_tap"]
    first_row: Int32[Array | np.ndarray, " unit"]  # of the chunk in its slab
    end: Int32[
        Array | np.ndarray, " slab_plus_1"
    ]  # units of all slabs before each slab; the last entry counts all


class SlabRows(NamedTuple):
    """The rows of a group's slabs; one more row than a slab can fill, the last, holds zeros."""

    row: Int32[Array | np.ndarray, "slab sign_z z sign_y y x"]  # of each voxel
    gain: Float[Array | np.ndarray, "slab row"]  # multiplicity of each row's voxel
    opposite: Int32[Array | np.ndarray, " row"]  # in the plane x = 0, the row of -v; elsewhere that of zeros


class SlabOperator(NamedTuple):
    """Everything that is constant in the insertion of a series."""

    units: Units
    groups: tuple[SlabRows, ...]


def sum_slab(
    units: Units, slab: Array, samples: Float[Array, "sample channel"], n_rows: int
) -> Float[Array, "row channel"]:
    """Weighted sums of rows of ``samples`` for every row of one slab, ``n_rows`` rows, the last of zeros."""

    def add_unit(unit: Int[Array, ""], sums: Float[Array, "row channel"]) -> Float[Array, "row channel"]:
        first, sample, weight = units.first_row[unit], units.sample[unit], units.weight[unit]
        chunk = jax.lax.dynamic_slice_in_dim(sums, first, CHUNK_VOXELS)
        for tap in range(UNIT_TAPS):
            rows = jnp.take(samples, sample[:, tap], axis=0, mode="clip")
            chunk = chunk + weight[:, tap, None] * rows
        return jax.lax.dynamic_update_slice_in_dim(sums, chunk, first, 0)

    zeros = jnp.zeros((n_rows, samples.shape[1]), dtype=samples.dtype)
    sums: Array = jax.lax.fori_loop(units.end[slab], units.end[slab + 1], add_unit, zeros)
    return sums


def read_rows(
    sums: Float[Array, "row channel particle"], rows: SlabRows, slab: Array
) -> Float[Array, "sign_z z sign_y y column"]:
    """Spectra of a slab's voxels in the order of ``box_transform.transform_slab``.

    Parameters
    ----------
    sums
        From ``sum_slab``, channels as in ``spectrum``.
    rows, slab
        Rows of the slab's group, and its number in it.
    """
    weight = sums[:, WEIGHT]
    if rows.opposite.size:
        weight = weight + jnp.take(weight, rows.opposite, axis=0, mode="clip")
    spectra = sums[:, :WEIGHT] * spectrum_factor(rows.gain[slab][:, None], weight)[:, None]
    # Every row is read for at most one voxel, but XLA would divide anew for each element that it copies.
    spectra = materialize(spectra.reshape(len(sums), -1))
    return jnp.take(spectra, rows.row[slab], axis=0, mode="clip").reshape(*rows.row.shape[1:5], -1)
