"""Ways to transform a volume and a CTF's point-spread function back and keep the box in the middle.

    python -m tests.benchmarks.bench_transforms [--quick] [--boxes 32 64 96]

All ways get the same spectra (S = twice the box) in the order that suits them and give the same two boxes,
which is checked. Reported are milliseconds per particle: processor time of all threads, which suffers least
from other programs, and wall clock; medians of some turns in which the ways alternate.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import scipy.fft

from mtui.engine.box_transform import PARITIES, join_signs, transform_planes, transform_slab
from mtui.engine.spectrum import CTF, IMAGINARY, REAL
from tests.benchmarks.tables import load_note, print_header, print_row

HIGHEST = jax.lax.Precision.HIGHEST
Boxes = tuple[np.ndarray, np.ndarray]
Way = Callable[[], Boxes]


def main() -> None:
    """Print a row per box and way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boxes", type=int, nargs="+")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--quick", action="store_true", help="box 32, three turns")
    options = parser.parse_args()
    print(f"{load_note()}; ms per particle\n")
    print_header(("box", "way", "processor ms", "ms", "processor time over the engine's"))
    for box_px in options.boxes or ([32] if options.quick else [32, 64, 96]):
        _report(box_px, options.turns or (3 if options.quick else 5))


def _report(box_px: int, turns: int) -> None:
    count = {32: 16, 48: 16, 64: 8}.get(box_px, 4)
    ways = _ways(box_px, *_spectra(2 * box_px, count))
    expected = next(iter(ways.values()))()
    for name, way in ways.items():
        for found, right in zip(way(), expected, strict=True):
            error = np.sqrt(np.mean((found - right) ** 2) / np.mean(right**2))
            if error > 1e-5:
                raise SystemExit(f"{name}: relative error {error:.2g}")
    times = np.array([[_seconds(way) for way in ways.values()] for _ in range(turns)])
    medians = 1e3 * np.median(times, axis=0) / count
    for name, (processor_ms, wall_ms) in zip(ways, medians.tolist(), strict=True):
        print_row((box_px, name, processor_ms, wall_ms, processor_ms / float(medians[-1, 0])))


def _seconds(way: Way) -> tuple[float, float]:
    used, start = time.process_time(), time.perf_counter()
    way()
    return time.process_time() - used, time.perf_counter() - start


def _spectra(size_px: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise (P, z, y, x) inside the sphere, in the half x > 0: complex, and real."""
    random = np.random.default_rng(5)
    shape = (count, size_px, size_px, size_px // 2 + 1)
    k, x = np.fft.fftfreq(size_px, 1 / size_px), np.arange(size_px // 2 + 1)
    inside = (k[:, None, None] ** 2 + k[:, None] ** 2 + x**2 < (size_px / 2) ** 2) & (x > 0)
    values = random.standard_normal((3, *shape), dtype=np.float32) * inside
    return values[0] + 1j * values[1], values[2]


def _ways(box_px: int, image: np.ndarray, ctf: np.ndarray) -> dict[str, Way]:
    first = jnp.asarray(image), jnp.asarray(ctf)
    last = jnp.moveaxis(first[0], 0, -1), jnp.moveaxis(first[1], 0, -1)
    size_px = 2 * box_px

    def compiled(function: Callable[..., tuple[jax.Array, ...]], *arrays: jax.Array) -> Way:
        program = jax.jit(partial(function, box_px=box_px))
        return lambda: (np.asarray((boxes := program(*arrays))[0]), np.asarray(boxes[1]))

    return {
        "two whole FFTs": compiled(_whole, *first),
        "two whole FFTs, SciPy": lambda: (_scipy(image, box_px), _scipy(ctf, box_px)),
        "one whole FFT of both, packed": compiled(_packed, *first),
        "two FFTs, pruned axis by axis": compiled(_pruned, *first),
        "one FFT of both, packed, pruned": compiled(_pruned_packed, *first),
        "matrices, complex": compiled(partial(_products, radix=1), *last),
        "matrices in two factors, radix 2": compiled(partial(_products, radix=2), *last),
        "matrices in two factors, radix 4": compiled(partial(_products, radix=4), *last),
        "matrices in two factors, radix 8": compiled(partial(_products, radix=8), *last),
        "matrices by parity (the engine)": compiled(_by_parity, _octants(*last, size_px)),
    }


def _scipy(spectrum: np.ndarray, box_px: int) -> np.ndarray:
    shape = (2 * box_px,) * 3
    with scipy.fft.set_workers(2):
        box: np.ndarray = scipy.fft.irfftn(spectrum, shape, axes=(1, 2, 3), norm="forward")
    middle = _middle(box_px)
    return box[:, middle][:, :, middle][..., middle]


def _whole(image: jax.Array, ctf: jax.Array, box_px: int) -> tuple[jax.Array, ...]:
    shape, axes = (2 * box_px,) * 3, (1, 2, 3)
    boxes = (jnp.fft.irfftn(values, shape, axes=axes, norm="forward") for values in (image, ctf))
    return tuple(_crop(box, axes, box_px) for box in boxes)


def _packed(image: jax.Array, ctf: jax.Array, box_px: int) -> tuple[jax.Array, ...]:
    both = jnp.fft.ifftn(_pack(image, ctf), axes=(1, 2, 3), norm="forward")
    both = _crop(both, (1, 2, 3), box_px)
    return jnp.real(both), jnp.imag(both)


def _pruned(image: jax.Array, ctf: jax.Array, box_px: int) -> tuple[jax.Array, ...]:
    def back(values: jax.Array) -> jax.Array:
        for axis in (1, 2):
            values = _crop(jnp.fft.ifft(values, axis=axis, norm="forward"), (axis,), box_px)
        return _crop(jnp.fft.irfft(values, 2 * box_px, axis=3, norm="forward"), (3,), box_px)

    return back(image), back(ctf.astype(image.dtype))


def _pruned_packed(image: jax.Array, ctf: jax.Array, box_px: int) -> tuple[jax.Array, ...]:
    both = _pack(image, ctf)
    for axis in (1, 2, 3):
        both = _crop(jnp.fft.ifft(both, axis=axis, norm="forward"), (axis,), box_px)
    return jnp.real(both), jnp.imag(both)


def _pack(image: jax.Array, ctf: jax.Array) -> jax.Array:
    """Whole spectrum of volume + i point-spread function."""
    inner = slice(1, image.shape[1] // 2)

    def opposite(values: jax.Array) -> jax.Array:
        flipped = jnp.roll(jnp.flip(values[..., inner], axis=(1, 2, 3)), 1, axis=(1, 2))
        return jnp.conj(flipped)

    halves = (image + 1j * ctf, opposite(image) + 1j * opposite(ctf))
    return jnp.concatenate(halves, axis=3)


def _products(image: jax.Array, ctf: jax.Array, box_px: int, radix: int) -> tuple[jax.Array, ...]:
    """Axis by axis, the particle last; the transform along x takes the half x >= 0 and gives real values."""
    size_px, half = 2 * box_px, image.shape[2]

    def back(values: jax.Array) -> jax.Array:
        for _ in range(2):  # z, y: the axis goes to the end of the three
            values = jnp.moveaxis(_along_first(values, size_px, box_px, radix), 0, 2)
        angle = 2 * np.pi * np.outer(np.arange(half), np.arange(size_px)[_middle(box_px)]) / size_px
        flat = values.reshape(half, -1)
        real, imaginary = jnp.real(flat), jnp.imag(flat)
        cosine, sine = (2 * np.asarray(part, dtype=np.float32).T for part in (np.cos(angle), np.sin(angle)))
        product = jnp.matmul(cosine, real, precision=HIGHEST) - jnp.matmul(sine, imaginary, precision=HIGHEST)
        return jnp.moveaxis(product.reshape(box_px, *values.shape[1:]), (0, 3), (3, 0))

    return back(image), back(ctf.astype(image.dtype))


def _along_first(values: jax.Array, size_px: int, box_px: int, radix: int) -> jax.Array:
    """Sums over k of exp(2 pi i n k / S) for the box's n, as products with one matrix or with two.

    k = k1 S / r + k2 and n = n1 + r n2: a product over k1, a factor, and a product over k2.
    """
    wanted = np.arange(size_px)[_middle(box_px)].reshape(-1, radix)  # n2, n1
    inner = size_px // radix
    one = np.exp(2j * np.pi * np.outer(np.arange(radix), np.arange(radix)) / radix)
    turn = np.exp(2j * np.pi * np.outer(np.arange(radix), np.arange(inner)) / size_px)
    two = np.exp(2j * np.pi * np.outer(wanted[:, 0], np.arange(inner)) / size_px)
    rest = values.shape[1:]
    split = values.reshape(radix, inner, -1)
    if radix > 1:
        split = jnp.einsum("nk,kic->nic", one.astype(np.complex64), split, precision=HIGHEST)
        split = split * turn.astype(np.complex64)[..., None]
    done = jnp.einsum("mi,nic->mnc", two.astype(np.complex64), split, precision=HIGHEST)
    return done.reshape(box_px, *rest)


def _octants(image: jax.Array, ctf: jax.Array, size_px: int) -> jax.Array:
    """Columns (plane, spectrum, particle) of one slab of all planes, as the engine's operator leaves them."""
    half = size_px // 2
    rows = np.concatenate([np.arange(half), -np.arange(half)])
    channels = [jnp.real(image), jnp.imag(image), ctf]
    values = jnp.stack([channels[number] for number in (REAL, IMAGINARY, CTF)], axis=3)
    values = values[rows][:, rows][:, :, :half]
    values = values.at[half].set(0.0).at[:, half].set(0.0)
    return values.reshape(2, half, 2, half, -1)


def _by_parity(slab: jax.Array, box_px: int) -> tuple[jax.Array, ...]:
    size_px, points = 2 * box_px, box_px // 2 + 1
    count = slab.shape[-1] // (3 * box_px)
    parts = [part.reshape(points, points, box_px, 3, count) for part in transform_slab(slab, size_px, box_px)]
    planes = jnp.stack([jnp.transpose(part, (3, 2, 0, 1, 4)) for part in parts])
    done = transform_planes(planes, size_px, box_px)
    volume = join_signs({key: part for key, part in done.items() if key[2] != CTF})
    psf = {(z, y, REAL): done[z, y, CTF] for z, y in PARITIES}
    psf |= {(z, y, IMAGINARY): jnp.zeros_like(done[0, 0, CTF]) for z, y in PARITIES}
    return tuple(2 * jnp.transpose(box, (3, 1, 2, 0)) for box in (volume, join_signs(psf)))


def _middle(box_px: int) -> np.ndarray:
    return np.arange(-box_px // 2, box_px // 2) % (2 * box_px)


def _crop(values: jax.Array, axes: tuple[int, ...], box_px: int) -> jax.Array:
    for axis in axes:
        values = jnp.take(values, _middle(box_px), axis=axis)
    return values


if __name__ == "__main__":
    main()
