"""Fourier transforms between the super-box and the box that is kept, as products with matrices.

Only the N central of S points per axis are needed, and data and result are real, so a dense product per axis
beats a pruned FFT up to large boxes. Each axis is split into its even and odd part in frequency, which
halves both sides of the matrix; the expansion of cos(a + b + c) and sin(a + b + c) leaves products of real
arrays, one for each pair of parities in z and y and each of three spectra: real and imaginary part of a
volume, and the (real) spectrum of a CTF.

A part of even parity in an axis needs the cosine there, one of odd parity the sine. In x the parity follows:
real spectra need the cosine where the parities in z and y agree, imaginary ones where they differ.

Points n = 0 ... N/2 of the result are kept; a part of odd parity changes its sign at -n.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtui.engine.spectrum import CTF, IMAGINARY, REAL

PARITIES = tuple(itertools.product((0, 1), repeat=2))  # in z and y
SPECTRA = (REAL, IMAGINARY, CTF)


def transform_slab(
    slab: Float[Array, "sign_z z sign_y y column"], size_px: int, box_px: int
) -> Iterator[Float[Array, "n_z n_y column"]]:
    """Transform a slab along z and y, one result for each of ``PARITIES``.

    Parameters
    ----------
    slab
        Both signs of the first frequencies in z and y; sign 1 of frequency 0 is empty. A column is a plane,
        spectrum and particle.
    size_px, box_px
        S and N.
    """
    extent = slab.shape[1]
    matrices = _trigonometric(extent, box_px // 2 + 1, size_px)
    by_z = slab[0] + slab[1], slab[0] - slab[1]
    for z, y in PARITIES:
        part = by_z[z][:, 0] + by_z[z][:, 1] if y == 0 else by_z[z][:, 0] - by_z[z][:, 1]
        along_z = _contract_first(matrices[z], part)
        yield _contract_second(matrices[y], along_z)


def transform_planes(
    planes: Float[Array, "parity spectrum x n_y n_z particle"], size_px: int, box_px: int
) -> dict[tuple[int, int, int], Float[Array, "n_x n_z n_y particle"]]:
    """Transform along x; keys are the parities in z and y and the spectrum."""
    matrices = _trigonometric(planes.shape[2], box_px // 2 + 1, size_px)
    return {
        (z, y, spectrum): _sign(z, y, spectrum)
        * _contract_first(matrices[parity_x(z, y, spectrum)], planes[number, spectrum])
        for number, (z, y) in enumerate(PARITIES)
        for spectrum in SPECTRA
    }


def parity_x(z: int, y: int, spectrum: int) -> int:
    """Parity in x that goes with the parities in z and y."""
    return (z + y + (spectrum == IMAGINARY)) % 2


def _sign(z: int, y: int, spectrum: int) -> float:
    """Sign of a product of sines and cosines in cos(a + b + c), for the imaginary part in -sin(a + b + c)."""
    odd = z + y + parity_x(z, y, spectrum)
    return 1.0 if odd in (0, 3) else -1.0


def join_signs(
    parts: dict[tuple[int, int, int], Float[Array, "n_x n_z n_y particle"]],
) -> Float[Array, "x z y particle"]:
    """Points -N/2 ... N/2 - 1 of a volume from its parts at 0 ... N/2."""
    by_parity = {(z, y, parity_x(z, y, s)): parts[z, y, s] for z, y in PARITIES for s in (REAL, IMAGINARY)}
    by_yx = {(y, x): _join_axis(by_parity[0, y, x], by_parity[1, y, x], 1) for y, x in PARITIES}
    by_x = [_join_axis(by_yx[0, x], by_yx[1, x], 2) for x in (0, 1)]
    return _join_axis(by_x[0], by_x[1], 0)


def transform_to_half_spectrum(
    parts: dict[tuple[int, int], Float[Array, "n_x n_z n_y particle"]],
) -> Float[Array, "x_half z y particle"]:
    """Real part of the forward transform of an even function on the box, DC at index 0, x = 0 ... N/2.

    Parameters
    ----------
    parts
        Parts of the function at n = 0 ... N/2 by the parities in z and y. The box holds -N/2 but not N/2, so
        points there count once.
    """
    size = parts[0, 0].shape[0]
    matrices = _trigonometric(size, size, 2 * (size - 1))
    counts = np.full(size, 2.0, dtype=np.float32)
    counts[[0, -1]] = 1.0
    weights = (counts[:, None, None] * counts[:, None] * counts)[..., None]
    spectra = {}
    for (z, y), part in ({**parts, (0, 0): _with_edges(parts)}).items():
        along_x = _contract_first(matrices[parity_x(z, y, CTF)], part * weights)
        along_z = _contract_second(matrices[z], along_x.reshape(size, size, -1))
        along_y = _contract_second(matrices[y], along_z.reshape(size * size, size, -1))
        spectra[z, y] = (_sign(z, y, CTF) * along_y).reshape(part.shape)
    by_y = [_join_half_axis(spectra[0, y], spectra[1, y], 1) for y in (0, 1)]
    return _join_half_axis(by_y[0], by_y[1], 2)


def _contract_first(matrix: np.ndarray, values: Float[Array, "i ..."]) -> Float[Array, "j ..."]:
    flat = values.reshape(values.shape[0], -1)
    product = jax.lax.dot_general(
        matrix.T, flat, (((1,), (0,)), ((), ())), precision=jax.lax.Precision.HIGHEST
    )
    return product.reshape(matrix.shape[1], *values.shape[1:])


def _contract_second(
    matrix: np.ndarray, values: Float[Array, "batch i rest"]
) -> Float[Array, "batch j rest"]:
    # In a batch of products with copies of the matrix, values stay where they are; XLA moves them for one.
    copies = jnp.broadcast_to(jnp.asarray(matrix.T), (values.shape[0], *matrix.T.shape))
    dimensions = (((2,), (1,)), ((0,), (0,)))
    return jax.lax.dot_general(copies, values, dimensions, precision=jax.lax.Precision.HIGHEST)


def _trigonometric(n_in: int, n_out: int, period: int) -> tuple[np.ndarray, np.ndarray]:
    """cos and sin of 2 pi i j / period, (n_in, n_out); the sine is exactly 0 where it should be."""
    steps = np.outer(np.arange(n_in), np.arange(n_out)) % period
    cosine, sine = np.cos(2.0 * np.pi * steps / period), np.sin(2.0 * np.pi * steps / period)
    sine[2 * steps % period == 0] = 0.0
    return cosine.astype(np.float32), sine.astype(np.float32)


def _join_axis(even: Array, odd: Array, axis: int) -> Array:
    """Points -N/2 ... N/2 - 1 from the even and odd parts at 0 ... N/2."""
    half = even.shape[axis] - 1
    positive = jax.lax.slice_in_dim(even + odd, 0, half, axis=axis)
    negative = jnp.flip(jax.lax.slice_in_dim(even - odd, 1, half + 1, axis=axis), axis)
    return jnp.concatenate([negative, positive], axis=axis)


def _join_half_axis(even: Array, odd: Array, axis: int) -> Array:
    """Frequencies 0 ... N/2, -(N/2 - 1) ... -1 from the even and odd parts at 0 ... N/2."""
    negative = jax.lax.slice_in_dim(even - odd, 1, even.shape[axis] - 1, axis=axis)
    return jnp.concatenate([even + odd, jnp.flip(negative, axis)], axis=axis)


def _with_edges(parts: dict[tuple[int, int], Array]) -> Float[Array, "n_x n_z n_y particle"]:
    """The all-even part, with what odd parts add where two coordinates are at -N/2.

    There the box has no opposite points that would cancel an odd part: the product of two odd coordinates
    counts as an even one.
    """
    even = parts[0, 0]
    even = even.at[:, -1, -1].add(parts[1, 1][:, -1, -1])
    even = even.at[-1, -1].add(parts[1, 0][-1, -1])
    return even.at[-1, :, -1].add(parts[0, 1][-1, :, -1])
