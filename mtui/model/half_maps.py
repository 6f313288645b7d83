"""Fourier shell correlation of a species' half maps, and the resolution it tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]
Volume = NDArray[np.float32]
Spectrum = NDArray[np.complexfloating[Any, Any]]

THRESHOLD = 0.143
"""Of half maps: there the map of both correlates 0.5 with the truth (Rosenthal and Henderson, 2003)."""
RANDOMIZE_BELOW = 0.8
"""Phases are randomized from the shell on where the unmasked correlation falls below this, as RELION does."""
MARGIN_SHELLS = 2
"""Shells beyond that one in which the correction does not apply yet: the mask smears phases into them."""


@dataclass(frozen=True, slots=True)
class HalfMapFsc:
    """Correlation per shell 0..box/2; without a mask only ``unmasked`` is there."""

    unmasked: Floats
    corrected: Floats | None
    """Within the mask, less what the mask itself correlates."""

    @property
    def best(self) -> Floats:
        """The curve that the resolution is read from."""
        return self.unmasked if self.corrected is None else self.corrected


def compute_half_map_fsc(first: Volume, second: Volume, mask: Volume | None) -> HalfMapFsc:
    """Correlation of two cubic half maps (z, y, x), also within a mask.

    A mask correlates by itself. How much is measured with phases made random beyond the resolution, and taken
    off (Chen et al., 2013): (masked - random) / (1 - random).
    """
    spectra = fft.rfftn(first), fft.rfftn(second)
    unmasked = correlate_shells(*spectra, first.shape[0])
    if mask is None:
        return HalfMapFsc(unmasked, None)
    masked = _masked_fsc((first, second), mask)
    start = first_below(unmasked, RANDOMIZE_BELOW)
    if start is None:
        return HalfMapFsc(unmasked, masked)
    generator = np.random.default_rng(0)
    scrambled = [_with_random_phases(spectrum, start, first.shape, generator) for spectrum in spectra]
    random = _masked_fsc((scrambled[0], scrambled[1]), mask)
    corrected = masked.copy()
    beyond = slice(start + MARGIN_SHELLS, None)
    corrected[beyond] = (masked[beyond] - random[beyond]) / np.maximum(1 - random[beyond], 1e-6)
    return HalfMapFsc(unmasked, corrected)


def correlate_shells(first: Spectrum, second: Spectrum, box: int) -> Floats:
    """Correlation of two half spectra (z, y, x/2 + 1) per shell 0..box/2 (Harauz and van Heel, 1986).

    Shell s holds the frequencies s - 0.5 to s + 0.5 in units of 1/box; where a map has none of a shell the
    value is 0. Plane by plane, so that memory stays that of the spectra.
    """
    sums = np.zeros((3, box // 2 + 1))
    # Frequencies with x between 0 and Nyquist stand for two.
    twice = np.full(box // 2 + 1, 2.0)
    twice[0] = 1.0
    twice[-1] = 1.0 if box % 2 == 0 else 2.0
    for plane, shells in enumerate(_shells(box)):
        inside = shells <= box // 2
        weights = np.broadcast_to(twice, shells.shape)[inside]
        one, other = first[plane][inside], second[plane][inside]
        products = (one * other.conj()).real, np.abs(one) ** 2, np.abs(other) ** 2
        for row, product in enumerate(products):
            sums[row] += np.bincount(shells[inside], weights * product, minlength=box // 2 + 1)
    norm = np.sqrt(sums[1] * sums[2])
    curve: Floats = np.divide(sums[0], norm, out=np.zeros_like(norm), where=norm > 0)
    return curve


def first_below(curve: Floats, threshold: float) -> int | None:
    """The first shell from 1 on below a threshold; None if there is none."""
    below = np.flatnonzero(curve[1:] < threshold)
    return int(below[0]) + 1 if len(below) else None


def resolution_ang(curve: Floats, box_ang: float, threshold: float = THRESHOLD) -> float:
    """Å where a curve first falls below a threshold, between shells by straight lines; at best Nyquist."""
    shell = first_below(curve, threshold)
    if shell is None:
        return box_ang / (len(curve) - 1)
    before, after = curve[shell - 1], curve[shell]
    if before <= threshold:
        return box_ang / shell
    return float(box_ang / (shell - 1 + (before - threshold) / (before - after)))


def _shells(box: int) -> Iterator[NDArray[np.int64]]:
    """The shell of every frequency (y, x/2 + 1), for each plane z."""
    along = np.fft.fftfreq(box, 1 / box)
    flat = along[:, None] ** 2 + np.arange(box // 2 + 1) ** 2
    return (np.rint(np.sqrt(z**2 + flat)).astype(np.int64) for z in along)


def _masked_fsc(halves: tuple[Volume, Volume], mask: Volume) -> Floats:
    first, second = (fft.rfftn(half * mask) for half in halves)
    return correlate_shells(first, second, mask.shape[0])


def _with_random_phases(
    spectrum: Spectrum, start: int, shape: tuple[int, ...], generator: np.random.Generator
) -> Volume:
    """The map (z, y, x) with random phases from a shell on: those of white noise, so that it stays real."""
    noise = fft.rfftn(generator.standard_normal(shape, dtype=np.float32))
    result = spectrum.copy()
    for plane, shells in enumerate(_shells(shape[0])):
        beyond = shells >= start
        there = noise[plane][beyond]
        result[plane][beyond] = np.abs(spectrum[plane][beyond]) * there / np.maximum(np.abs(there), 1e-12)
    return np.asarray(fft.irfftn(result, shape), np.float32)
