from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mtui.demo.fsc import compute_fsc
from mtui.model.half_maps import (
    compute_half_map_fsc,
    correlate_shells,
    first_below,
    resolution_ang,
)

BOX = 32


def noise(seed: int, box: int = BOX) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((box, box, box), dtype=np.float32)


def blob(box: int = BOX) -> NDArray[np.float32]:
    """A soft sphere of a quarter of the box."""
    grid = np.indices((box, box, box)) - box // 2
    radius = np.sqrt((grid**2).sum(axis=0))
    return np.asarray(np.clip((box / 4 + 3 - radius) / 3, 0, 1), np.float32)


def halves(signal: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A shared smooth signal within the sphere, and noise of each half's own everywhere."""
    shared = fft.irfftn(
        fft.rfftn(noise(1)) * np.exp(-0.5 * (np.arange(BOX // 2 + 1) / 4) ** 2), (BOX, BOX, BOX)
    )
    shared = np.asarray(shared * blob() * signal, np.float32)
    return shared + noise(2), shared + noise(3)


def test_shells_agree_with_an_independent_implementation() -> None:
    for box in (16, 32):
        first, second = noise(4, box), noise(5, box) + noise(4, box)
        found = correlate_shells(fft.rfftn(first), fft.rfftn(second), box)
        np.testing.assert_allclose(found, compute_fsc(first, second), atol=1e-5)


def test_an_odd_box_has_its_shells_too() -> None:
    volume = noise(6, 15)
    np.testing.assert_allclose(correlate_shells(fft.rfftn(volume), fft.rfftn(volume), 15), 1, atol=1e-6)


def test_the_mask_raises_the_signal_and_its_own_correlation_is_taken_off() -> None:
    first, second = halves(4.0)
    fsc = compute_half_map_fsc(first, second, blob())
    assert fsc.corrected is not None
    assert fsc.corrected[2:5].mean() > fsc.unmasked[2:5].mean()
    assert fsc.best is fsc.corrected


def test_pure_noise_has_no_resolution_within_any_mask() -> None:
    fsc = compute_half_map_fsc(noise(7), noise(8), blob())
    assert fsc.corrected is not None
    assert abs(fsc.corrected[5:].mean()) < 0.1
    assert resolution_ang(fsc.best, BOX * 2.0) > BOX * 2.0 / 8


def test_without_a_mask_the_unmasked_curve_counts() -> None:
    first, second = halves(4.0)
    fsc = compute_half_map_fsc(first, second, None)
    assert fsc.corrected is None
    assert fsc.best is fsc.unmasked


def test_equal_halves_are_resolved_to_nyquist() -> None:
    fsc = compute_half_map_fsc(noise(9), noise(9), blob())
    assert resolution_ang(fsc.best, BOX * 3.0) == 6.0


def test_the_resolution_lies_between_shells() -> None:
    curve = np.array([1.0, 1.0, 0.643, 0.043, 0.0])
    shell = 2 + (0.643 - 0.143) / 0.6
    assert first_below(curve, 0.143) == 3
    np.testing.assert_allclose(resolution_ang(curve, 100.0), 100 / shell)
