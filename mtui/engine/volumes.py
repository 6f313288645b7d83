"""From sums over taps to what is written: sub-tomograms and 3D CTFs."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int32

from mtui.engine.box_transform import (
    PARITIES,
    join_signs,
    transform_planes,
    transform_to_half_spectrum,
)
from mtui.engine.fusion import materialize
from mtui.engine.spectrum import CTF

SPARSE_LIMIT = 0.01


class Finishing(NamedTuple):
    """What is done to volumes and CTFs at the end: data, so that it does not change the compiled program."""

    square_px: Int32[Array | np.ndarray | np.int32, ""]  # of the particle's radius
    n_background: Float32[Array | np.ndarray | np.float32, ""]  # voxels beyond; 0 leaves volumes unchanged
    smallest_ctf: Float32[Array | np.ndarray | np.float32, ""]  # magnitudes below become 0


Planes = Float[Array, "parity spectrum x n_z n_y particle"]


def compute_volumes(
    planes: Planes, size_px: int, box_px: int, finishing: Finishing
) -> tuple[Float[Array, "particle z y x"], Float[Array, "particle z y x_half"]]:
    """Sub-tomograms (P, N, N, N), centre at index N/2, and 3D CTFs (P, N, N, N/2 + 1), DC at index 0.

    As M's ``Reconstruct``: unnormalised inverse transform over S, and division by sinc^2 of the distance
    from the centre for the interpolation between voxels, then crop. Projecting the volume gives the images'
    intensities. The CTF's point-spread function is treated the same way and transformed back over the box;
    the real part over S^2 is the 3D CTF.

    Parameters
    ----------
    planes
        Slabs transformed along z and y, from ``transform_slab``; images transformed without a factor.
    size_px, box_px
        S and N.
    """
    # Every voxel stands for its mirror image too. M's factors: 1/S, and 1/S^2 of the images or of the CTF.
    gain = (2.0 * _sinc_gain(box_px, size_px)[..., None] / float(size_px) ** 3).astype(np.float32)
    parts = {key: part * gain for key, part in transform_planes(planes, size_px, box_px).items()}
    volumes = join_signs({key: part for key, part in parts.items() if key[2] != CTF})
    ctf = transform_to_half_spectrum({(z, y): parts[z, y, CTF] for z, y in PARITIES})
    ctf = jnp.where(jnp.abs(ctf) < finishing.smallest_ctf, 0.0, ctf)
    return jnp.transpose(volumes, (3, 1, 2, 0)), jnp.transpose(ctf, (3, 1, 2, 0))


def compute_finishing(box_px: int, norm_radius_px: int | None, *, sparse: bool) -> Finishing:
    """With a radius volumes are normalised, with ``sparse`` CTFs below 0.01 are cut off."""
    square = 0 if norm_radius_px is None else norm_radius_px**2
    count = 0 if norm_radius_px is None else np.count_nonzero(_squared_distance(box_px) > square)
    return Finishing(np.int32(square), np.float32(count), np.float32(SPARSE_LIMIT if sparse else 0.0))


def normalize_volumes(
    volumes: Float[Array, "particle z y x"], finishing: Finishing
) -> Float[Array, "particle z y x"]:
    """Mean 0 and standard deviation 1 over the voxels outside the particle's radius.

    Matches M's ``NormParticles`` since 2026 (releases before compared x and y only). A constant background
    gives zeros, as there; where no voxel is background, M divides by zero and the volume is left as it is
    here.
    """
    background = jnp.asarray(_squared_distance(volumes.shape[-1])) > finishing.square_px
    count = jnp.maximum(finishing.n_background, 1.0)
    mean = _sum_volumes(jnp.where(background, volumes, 0.0)) / count
    centred = volumes - mean
    variance = _sum_volumes(jnp.where(background, centred**2, 0.0)) / count
    normalized = jnp.where(variance > 0.0, centred / jnp.sqrt(variance), 0.0)
    return jnp.where(finishing.n_background > 0.0, normalized, volumes)


def _sum_volumes(volumes: Float[Array, "particle z y x"]) -> Float[Array, "particle 1 1 1"]:
    """Sum of each volume, by axis and apart from other arithmetic: threads must not change its rounding."""
    for axis in (3, 2, 1):
        volumes = jnp.sum(materialize(volumes), axis=axis, keepdims=True)
    return materialize(volumes)


def _squared_distance(box_px: int) -> Int32[np.ndarray, "z y x"]:
    """Of every voxel from the centre, in px^2."""
    offset = (np.arange(box_px, dtype=np.int32) - box_px // 2) ** 2
    return np.asarray(offset[:, None, None] + offset[:, None] + offset)


def _sinc_gain(box_px: int, size_px: int) -> np.ndarray:
    """``1 / sinc^2`` of the radial distance in fractions of the super-box, at 0 ... N/2 on every axis."""
    square = np.arange(box_px // 2 + 1).astype(np.float64) ** 2
    distance = np.sqrt(square[:, None, None] + square[:, None] + square) / size_px
    return np.asarray(1.0 / np.sinc(distance) ** 2)
