from __future__ import annotations

import numpy as np
import pytest

from mtui.demo.design import Lens
from mtui.demo.microscope import electron_wavelength_ang, transfer


def make_lens(phase_pi: float = 0.0, cs_mm: float = 0.0, delta_um: float = 0.0) -> Lens:
    one = np.ones(1)
    return Lens(300.0, cs_mm, 0.1, 3.0 * one, delta_um * one, 90.0 * one, phase_pi * one)


def test_wavelengths_are_those_of_the_textbooks() -> None:
    assert electron_wavelength_ang(300) == pytest.approx(0.0197, abs=5e-5)
    assert electron_wavelength_ang(200) == pytest.approx(0.0251, abs=5e-5)


def test_contrast_at_the_origin_is_the_amplitude_contrast() -> None:
    origin = np.zeros((1, 1))
    assert transfer(make_lens(), 0, np.array([3.0]), origin, origin)[0, 0, 0] == pytest.approx(0.1)
    flat = transfer(make_lens(phase_pi=0.5), 0, np.array([3.0]), origin, origin)
    assert flat[0, 0, 0] == pytest.approx(np.cos(np.arcsin(0.1)))


def test_the_first_zero_is_where_defocus_puts_it() -> None:
    wavelength = electron_wavelength_ang(300)
    zero = np.sqrt((np.pi - np.arcsin(0.1)) / (np.pi * wavelength * 3e4))
    frequencies = np.array([[0.9 * zero, zero, 1.1 * zero]])
    values = transfer(make_lens(), 0, np.array([3.0]), frequencies, np.zeros((1, 1)))[0, 0]
    assert values[0] > 0 > values[2]
    assert values[1] == pytest.approx(0, abs=1e-9)


def test_astigmatism_adds_half_the_difference_along_its_angle() -> None:
    along = np.array([[0.05]])
    none = np.zeros((1, 1))
    lens, plain = make_lens(delta_um=0.4), make_lens()
    for kx, ky, defocus in ((none, along, 3.2), (along, none, 2.8)):
        found = transfer(lens, 0, np.array([3.0]), kx, ky)
        np.testing.assert_allclose(found, transfer(plain, 0, np.array([defocus]), kx, ky))


def test_spherical_aberration_works_against_underfocus() -> None:
    wavelength = electron_wavelength_ang(300)
    frequency = 0.08
    same = 3.0 + 1e-4 * 2.7e7 * wavelength**2 * frequency**2 / 2
    kx, ky = np.array([[frequency]]), np.zeros((1, 1))
    found = transfer(make_lens(cs_mm=2.7), 0, np.array([same]), kx, ky)
    np.testing.assert_allclose(found, transfer(make_lens(), 0, np.array([3.0]), kx, ky), atol=1e-9)
