"""The fixed sparse operator of a series: samples of all tilts to voxels, applied to many particles at once.

The voxels of a slab are sorted by how many taps they have and cut into chunks; a chunk's taps are padded to
those of its fullest voxel and cut into units of a few taps per voxel. A unit is a gather of whole rows (one
row = all channels of all particles of one sample), multiplied and added up in one pass. So there is no
scatter, the sum of a voxel has a fixed order, and all arrays but the units have shapes that depend on sizes
alone.

A GPU needs large units, but few voxels have most of the taps. There a unit may hold more taps of fewer
voxels: it is folded.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Int32

from mtui.engine.fusion import materialize
from mtui.engine.spectrum import WEIGHT, spectrum_factor

UNIT_TAPS = 4


class Chunking(NamedTuple):
    """How taps are cut into units."""

    slots: int  # of a unit; each has UNIT_TAPS taps
    folds: tuple[int, ...]  # slots per voxel, in the order in which they are used: most first


CPU_CHUNKING = Chunking(512, (1,))
DEVICE_CHUNKING = Chunking(32768, (16, 4, 1))


class Units(NamedTuple):
    """Taps of all slabs, one slab after the other."""

    sample: Int32[Array | np.ndarray, "unit slot unit_tap"]
    weight: Float[Array | np.ndarray, "unit slot unit_tap"]
    first_row: Int32[Array | np.ndarray, " unit"]  # of the chunk in its slab
    end: Int32[Array | np.ndarray, "slab_plus_1 fold"]  # units before those of a slab and fold


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
    units: Units, slab: Array, samples: Float[Array, "sample channel"], n_rows: int, folds: tuple[int, ...]
) -> Float[Array, "row channel"]:
    """Weighted sums of rows of ``samples`` for every row of one slab, ``n_rows`` rows, the last of zeros."""
    sums = jnp.zeros((n_rows, samples.shape[1]), dtype=samples.dtype)
    ends = units.end.reshape(-1)
    for number, fold in enumerate(folds):
        begin = slab * len(folds) + number
        add = partial(_add_unit, units, samples, fold)
        sums = jax.lax.fori_loop(ends[begin], ends[begin + 1], add, sums)
    return sums


def _add_unit(
    units: Units,
    samples: Float[Array, "sample channel"],
    fold: int,
    unit: Int[Array, ""],
    sums: Float[Array, "row channel"],
) -> Float[Array, "row channel"]:
    first, sample, weight = units.first_row[unit], units.sample[unit], units.weight[unit]
    chunk = jax.lax.dynamic_slice_in_dim(sums, first, len(sample) // fold)
    if fold == 1:
        chunk = _add_taps(chunk, samples, sample, weight)
    else:
        slots = _add_taps(jnp.zeros((), dtype=samples.dtype), samples, sample, weight)
        chunk = chunk + jnp.sum(slots.reshape(len(chunk), fold, -1), axis=1)
    return jax.lax.dynamic_update_slice_in_dim(sums, chunk, first, 0)


def _add_taps(
    start: Float[Array, ...],
    samples: Float[Array, "sample channel"],
    sample: Int32[Array, "slot unit_tap"],
    weight: Float[Array, "slot unit_tap"],
) -> Float[Array, "slot channel"]:
    for tap in range(UNIT_TAPS):
        rows = jnp.take(samples, sample[:, tap], axis=0, mode="clip")
        start = start + weight[:, tap, None] * rows
    return start


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
