"""Contrast transfer of the forward model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from mtui.demo.design import Lens, SeriesDesign

Floats = NDArray[np.float64]


def electron_wavelength_ang(voltage_kv: float) -> float:
    """Relativistic de Broglie wavelength in Å."""
    energy = constants.e * voltage_kv * 1e3
    rest = constants.m_e * constants.c**2
    momentum = np.sqrt(2 * constants.m_e * energy * (1 + energy / (2 * rest)))
    return float(constants.h / momentum * 1e10)


def transfer(lens: Lens, tilt: int, defocus_um: Floats, kx: Floats, ky: Floats) -> Floats:
    """Contrast transfer (P, ky, kx) of particles at ``defocus_um`` (P,); frequencies in 1/Å.

    sin(chi) with chi = pi lambda z k^2 - pi/2 Cs lambda^3 k^4 + phase + arcsin(A), underfocus z positive:
    positive at low frequency. The astigmatism adds half the difference along its angle, counted from x
    towards y.
    """
    wavelength = electron_wavelength_ang(lens.voltage_kv)
    square = kx**2 + ky**2
    azimuth = np.arctan2(ky, kx) - np.radians(lens.defocus_angle_deg[tilt])
    astigmatism = lens.defocus_delta_um[tilt] / 2 * np.cos(2 * azimuth)
    focus_ang = 1e4 * (defocus_um[:, None, None] + astigmatism)
    spherical = np.pi / 2 * lens.cs_mm * 1e7 * wavelength**3 * square**2
    constant = np.pi * lens.phase_pi[tilt] + np.arcsin(lens.amplitude)
    chi: Floats = np.pi * wavelength * focus_ang * square - spherical + constant
    return np.sin(chi)


def envelope(design: SeriesDesign, tilt: int, kx: Floats, ky: Floats) -> Floats:
    """Loss of signal (ky, kx) in one tilt by thickness and radiation."""
    bfactor = design.envelope_bfactors_ang2[tilt]
    return np.asarray(design.envelope_scales[tilt] * np.exp(bfactor * (kx**2 + ky**2) / 4), dtype=np.float64)
