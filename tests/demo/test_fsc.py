from __future__ import annotations

import numpy as np

from mtui.demo.fsc import compute_fsc


def test_equal_volumes_correlate_fully_and_opposite_ones_not_at_all() -> None:
    volume = np.random.default_rng(1).normal(size=(12, 12, 12)).astype(np.float32)
    np.testing.assert_allclose(compute_fsc(volume, 3 * volume), 1)
    np.testing.assert_allclose(compute_fsc(volume, -volume), -1)


def test_shells_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    wave = np.cos(2 * np.pi * 3 * np.arange(16) / 16)
    noise = rng.normal(size=(16, 16, 16))
    spectrum = np.fft.fftn(noise)
    radius = np.sqrt(sum(k**2 for k in np.meshgrid(*[np.fft.fftfreq(16, 1 / 16)] * 3, indexing="ij")))
    without = np.fft.ifftn(np.where(np.rint(radius) == 3, 0, spectrum)).real
    fsc = compute_fsc(noise, without + wave)
    assert fsc[2] > 0.999
    assert fsc[4] > 0.999
    assert abs(fsc[3]) < 0.4


def test_independent_noise_does_not_correlate() -> None:
    first, second = np.random.default_rng(3).normal(size=(2, 32, 32, 32))
    assert np.abs(compute_fsc(first, second)[4:]).max() < 0.15


def test_an_empty_volume_correlates_with_nothing() -> None:
    volume = np.random.default_rng(4).normal(size=(8, 8, 8))
    np.testing.assert_array_equal(compute_fsc(volume, np.zeros((8, 8, 8))), 0)
