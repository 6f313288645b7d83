"""Fourier shell correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]


def compute_fsc(first: NDArray[np.floating], second: NDArray[np.floating]) -> Floats:
    """Correlation of two cubic volumes (z, y, x) per Fourier shell 0..box/2 (Harauz and van Heel, 1986).

    Shell s holds the frequencies s - 0.5 to s + 0.5 in units of 1/box; where a volume has none of a shell
    the value is 0.
    """
    box = first.shape[0]
    spectrum, other = fft.rfftn(first.astype(np.float64)), fft.rfftn(second.astype(np.float64))
    along = fft.fftfreq(box, 1 / box)
    radius = np.sqrt(along[:, None, None] ** 2 + along[:, None] ** 2 + fft.rfftfreq(box, 1 / box) ** 2)
    shell = np.rint(radius).astype(np.int64).ravel()
    # Frequencies with x between 0 and Nyquist stand for two.
    twice = np.full(spectrum.shape[-1], 2.0)
    twice[0] = twice[-1] = 1.0
    weight = np.broadcast_to(twice, spectrum.shape)

    def per_shell(values: Floats) -> Floats:
        sums: Floats = np.bincount(shell, (weight * values).ravel()).astype(np.float64)
        return sums[: box // 2 + 1]

    shared = per_shell((spectrum * other.conj()).real)
    norm = np.sqrt(per_shell(np.abs(spectrum) ** 2) * per_shell(np.abs(other) ** 2))
    return np.divide(shared, norm, out=np.zeros_like(shared), where=norm > 0)
