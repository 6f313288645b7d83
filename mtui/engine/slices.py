"""The compiled programs: positions of a slice of particles to their sub-tomograms and 3D CTFs.

Tilts (some at once on a GPU) and slabs go one after another through loops, so that a program depends on
sizes alone: super-box, box, padded tilt count, image size and particles per slice; the number of tilts is
data.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtui.engine.box_transform import PARITIES, SPECTRA, transform_slab
from mtui.engine.fusion import materialize
from mtui.engine.half_space import n_image_samples
from mtui.engine.insertion import RotatedInsertion, compute_spectra, empty_sums, insert_tilts, read_slab
from mtui.engine.operator import SlabOperator, read_rows, sum_slab
from mtui.engine.slabs import SlabGroup, count_planes
from mtui.engine.tilt_samples import SharedSeries, SliceParticles, compute_samples
from mtui.engine.volumes import Finishing, compute_volumes, normalize_volumes


class SliceShape(NamedTuple):
    """What a compiled program depends on besides the shapes of its arrays."""

    super_box_px: int
    box_px: int
    local_bfactors: bool
    slabs: tuple[SlabGroup, ...]
    lanes: int  # particles at once where each has its own orientation; a divisor of those in a slice
    tilts: int  # at once; a divisor of the padded tilt count
    folds: tuple[int, ...]  # of the fixed operator


class FixedInsertion(NamedTuple):
    """How samples reach voxels when every particle of a series has the same orientation in its tilts."""

    operator: SlabOperator
    signs: Float[Array | np.ndarray, "tilt y x"]  # -1 where a sample's conjugate is inserted


Volumes = tuple[Float[Array, "particle z y x"], Float[Array, "particle z y x_half"]]

# All spectra of a slab in the columns of one array, or an array for each.
SlabSpectra = tuple[Float[Array, "sign_z z sign_y y column"], ...]


@partial(jax.jit, static_argnames="shape")
def reconstruct_fixed(
    series: SharedSeries,
    insertion: FixedInsertion,
    particles: SliceParticles,
    finishing: Finishing,
    shape: SliceShape,
) -> Volumes:
    """Volumes (P, N, N, N) and 3D CTFs (P, N, N, N/2 + 1) of a slice of particles that are not rotated."""
    n_particles = particles.first_px.shape[1]
    samples = _all_samples(series, insertion, particles, shape)

    def slab_spectra(slab: Array, number: int, group: SlabGroup) -> SlabSpectra:
        rows = insertion.operator.groups[number]
        sums = sum_slab(insertion.operator.units, slab, samples, rows.gain.shape[1], shape.folds)
        return (read_rows(sums.reshape(len(sums), -1, n_particles), rows, slab - group.first),)

    return _transform_slabs(slab_spectra, n_particles, finishing, shape)


@partial(jax.jit, static_argnames="shape")
def reconstruct_rotated(
    series: SharedSeries,
    insertion: RotatedInsertion,
    particles: SliceParticles,
    matrices: Float[Array | np.ndarray, "tilt particle 3 3"],
    finishing: Finishing,
    shape: SliceShape,
) -> Volumes:
    """Volumes and 3D CTFs of a slice of particles with a volume-to-image matrix for every tilt."""
    lanes = shape.lanes

    def some(first: Array) -> Volumes:
        chosen, turned = jax.tree.map(
            lambda field: jax.lax.dynamic_slice_in_dim(field, first, lanes, axis=1), (particles, matrices)
        )
        return _reconstruct_lanes(series, insertion, chosen, turned, finishing, shape)

    volumes, ctfs = jax.lax.map(some, jnp.arange(0, matrices.shape[1], lanes))
    return volumes.reshape(-1, *volumes.shape[2:]), ctfs.reshape(-1, *ctfs.shape[2:])


def _reconstruct_lanes(
    series: SharedSeries,
    insertion: RotatedInsertion,
    particles: SliceParticles,
    matrices: Float[Array, "tilt particle 3 3"],
    finishing: Finishing,
    shape: SliceShape,
) -> Volumes:
    size_px, n_particles = shape.super_box_px, matrices.shape[1]

    def add_tilts(block: Array, sums: Array) -> Array:
        first = block * shape.tilts
        samples = _block_samples(series, particles, first, shape)
        some = jax.lax.dynamic_slice_in_dim(matrices, first, shape.tilts)
        takes_part = first + jnp.arange(shape.tilts) < series.n_tilts
        return insert_tilts(sums, samples, insertion, some, takes_part, size_px)

    sums = empty_sums(size_px, n_particles, shape.slabs)
    sums = jax.lax.fori_loop(0, _count_blocks(series, shape), add_tilts, sums)
    spectra = materialize(compute_spectra(sums, size_px))

    def slab_spectra(slab: Array, _: int, group: SlabGroup) -> SlabSpectra:
        return read_slab(spectra, slab, group)

    return _transform_slabs(slab_spectra, n_particles, finishing, shape)


def _all_samples(
    series: SharedSeries, insertion: FixedInsertion, particles: SliceParticles, shape: SliceShape
) -> Float[Array, "sample channel"]:
    """Samples of all tilts, all channels and particles in one row."""
    size_px, n_particles = shape.super_box_px, particles.first_px.shape[1]

    def add_tilts(block: Array, samples: Array) -> Array:
        first = block * shape.tilts
        real, imaginary, *ctfs = _block_samples(series, particles, first, shape)
        signs = jax.lax.dynamic_slice_in_dim(insertion.signs, first, shape.tilts)
        for number, channel in enumerate((real, imaginary * signs[..., None], *ctfs)):
            rows = channel.reshape(shape.tilts, n_image_samples(size_px), 1, n_particles)
            samples = jax.lax.dynamic_update_slice(samples, rows, (first, 0, number, 0))
        return samples

    shape_all = (len(series.images), n_image_samples(size_px), 4, n_particles)
    zeros = jnp.zeros(shape_all, dtype=jnp.float32)
    samples = jax.lax.fori_loop(0, _count_blocks(series, shape), add_tilts, zeros)
    rows: Array = samples.reshape(-1, 4 * n_particles)
    return rows


def _count_blocks(series: SharedSeries, shape: SliceShape) -> Array:
    return (jnp.asarray(series.n_tilts) + shape.tilts - 1) // shape.tilts


def _block_samples(
    series: SharedSeries, particles: SliceParticles, first: Array, shape: SliceShape
) -> tuple[Float[Array, "tilt y x particle"], ...]:
    """Samples of some tilts, the channels one by one."""

    def of_tilt(tilt: Array) -> tuple[Float[Array, "y x particle"], ...]:
        return compute_samples(
            series, particles, tilt, shape.super_box_px, local_bfactors=shape.local_bfactors
        )

    if shape.tilts == 1:
        # With vmap XLA would copy the whole image first.
        return tuple(channel[None] for channel in of_tilt(first))
    return jax.vmap(of_tilt)(first + jnp.arange(shape.tilts))


def _transform_slabs(
    slab_spectra: Callable[[Array, int, SlabGroup], SlabSpectra],
    n_particles: int,
    finishing: Finishing,
    shape: SliceShape,
) -> Volumes:
    """Transform slab by slab along z and y, then everything along x; crop and normalise."""
    size_px, points = shape.super_box_px, shape.box_px // 2 + 1
    whole = (len(PARITIES), len(SPECTRA), count_planes(shape.slabs), points, points, n_particles)
    planes = jnp.zeros(whole, dtype=jnp.float32)
    for number, group in enumerate(shape.slabs):

        def add_slab(slab: Array, planes: Array, number: int = number, group: SlabGroup = group) -> Array:
            arrays = materialize(slab_spectra(slab, number, group))
            n_spectra = len(SPECTRA) // len(arrays)
            for first, columns in zip(range(0, len(SPECTRA), n_spectra), arrays, strict=True):
                for parity, part in enumerate(transform_slab(columns, size_px, shape.box_px)):
                    part = part.reshape(points, points, group.width, n_spectra, n_particles)
                    block = jnp.transpose(part, (3, 2, 0, 1, 4))[None]
                    at = (parity, first, slab * group.width, 0, 0, 0)
                    planes = jax.lax.dynamic_update_slice(planes, block, at)
            return planes

        planes = jax.lax.fori_loop(group.first, group.first + group.n_slabs, add_slab, planes)
    volumes, ctfs = compute_volumes(planes, size_px, shape.box_px, finishing)
    return normalize_volumes(volumes, finishing), ctfs
