"""Direct Fourier reconstruction from particle images: simple, and none of the engine's code."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.physics.images import ImageStack, frequencies, transfer

Array = np.ndarray[Any, Any]

PADDING = 1.5
CHUNK = 200
FLOOR = 0.02


def reconstruct(stack: ImageStack) -> Array:
    """Volume (z, y, x) = sum of CTF times image over sum of CTF squared, floored, in the map's frame."""
    box = stack.images.shape[1]
    size = 2 * round(PADDING * box / 2)
    kx, ky = frequencies(size, stack.angpix)
    sums = np.zeros((3, size**3))
    for start in range(0, len(stack), CHUNK):
        rows = slice(start, start + CHUNK)
        spectra = np.fft.rfft2(_centred_at_origin(stack.images[rows], size))
        ctf = transfer(stack, rows, kx, ky)
        _insert(
            sums,
            spectra * ctf,
            ctf**2,
            stack.matrices[rows],
            np.broadcast_arrays(kx, ky),
            size * stack.angpix,
        )
    real, imaginary, weight = sums.reshape(3, size, size, size)
    spectrum = (real + 1j * imaginary) / np.maximum(weight, FLOOR * np.percentile(weight, 95))
    volume = np.fft.fftshift(np.fft.ifftn(spectrum).real)
    first = (size - box) // 2
    kept = slice(first, first + box)
    offset = (np.arange(size) - size // 2) / size
    gain = np.sinc(np.sqrt(offset[:, None, None] ** 2 + offset[:, None] ** 2 + offset**2)) ** 2
    return np.asarray((volume / gain)[kept, kept, kept])


def _centred_at_origin(images: Array, size: int) -> Array:
    """Images in a larger box of zeros, their centre moved to pixel 0."""
    box = images.shape[1]
    padded = np.zeros((len(images), size, size))
    padded[:, :box, :box] = images - images.mean(axis=(1, 2), keepdims=True)
    return np.roll(padded, (-(box // 2), -(box // 2)), axis=(1, 2))


def _insert(
    sums: Array, values: Array, weights: Array, matrices: Array, k: tuple[Array, ...], scale: float
) -> None:
    """Spread samples and their mirror images over the eight nearest voxels."""
    size = round(len(sums[0]) ** (1 / 3))
    q = np.einsum("iab,ayx->iyxb", matrices[:, :2], np.stack(k) * scale)
    radius = np.linalg.norm(np.stack(k) * scale, axis=0)
    inside = (radius < size / 2 - 1) & (radius > 0)
    q, values, weights = q[:, inside], values[:, inside], weights[:, inside]
    for sign in (1, -1):
        base = np.floor(sign * q).astype(np.int64)
        fraction = sign * q - base
        for corner in np.ndindex(2, 2, 2):
            share = np.prod(np.where(corner, fraction, 1 - fraction), axis=-1)
            x, y, z = np.moveaxis((base + np.array(corner)) % size, -1, 0)
            voxel = ((z * size + y) * size + x).ravel()
            for row, part in enumerate((values.real, sign * values.imag, weights)):
                sums[row] += np.bincount(voxel, (share * part).ravel(), size**3)
