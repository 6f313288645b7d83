"""The contrast transfer function of every particle in every tilt, with and without weights.

    CTF = scale exp(k^2 [B + dB cos 2(theta - theta_B)] / 4) (-sin gamma)
    gamma = pi lambda df k^2 + pi/2 Cs lambda^3 k^4 - pi phase - asin(amplitude)
    df = -[defocus + delta/2 cos 2(theta - angle)]        (Å, underfocus positive)

Signed, positive at low frequency (Mindell & Grigorieff 2003, the sign as in RELION); matches M's
``CreateCTF`` on the GPU, where the anisotropy of the pixel counts half: k = r / (angpix [1 + delta/2 cos
2(theta - angle)]).

Within a series only the defocus differs from particle to particle (and the scale and B-factor, where
location grids vary). The phase at a reference defocus is computed once per tilt in float64 and kept in turns
modulo 1; what a particle adds is a small product, so float32 suffices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float64

from mtui.engine.turns import sin_turns
from mtui.geometry.tilt_ctf import SeriesCtf

ANG_PER_UM = 1e4
ANG_PER_MM = 1e7


@dataclass(frozen=True, slots=True)
class TiltCtfReference:
    """CTF parameters of every tilt for a particle in the middle of the tomogram."""

    defocus_um: Float64[np.ndarray, " tilt"]
    bfactor_ang2: Float64[np.ndarray, " tilt"]
    bfactor_delta_ang2: Float64[np.ndarray, " tilt"]
    bfactor_angle_deg: Float64[np.ndarray, " tilt"]


class CtfGrids(NamedTuple):
    """What the CTFs of all particles of a series have in common, float32; "sample" runs over (y, x)."""

    phase_turns: Float[Array | np.ndarray, "tilt ..."]  # gamma at the reference defocus, -0.5 to 0.5 turns
    turns_per_um: Float[Array | np.ndarray, "*sample"]  # change of gamma per µm of defocus
    unweighted: Float[Array | np.ndarray, "*sample"]  # scale and B-factor of the unweighted CTF
    envelope: Float[Array | np.ndarray, "tilt ..."]  # B-factors of the weighted CTF at the reference
    quarter_k2: Float[Array | np.ndarray, "*sample"]  # k^2 / 4 in 1/Å², for B-factors that vary in space


class ParticleCtf(NamedTuple):
    """What a particle adds to the series' CTF in one tilt."""

    defocus_um: Float[Array | np.ndarray, " particle"]  # over the reference
    scale: Float[Array | np.ndarray, " particle"]  # of the weighted CTF
    bfactor_ang2: Float[Array | np.ndarray, " particle"]  # over the reference


def wavelength_ang(voltage_kv: float) -> float:
    """Relativistic wavelength of the electron in Å, with M's constants."""
    volts = voltage_kv * 1e3
    return float(12.2643247 / np.sqrt(volts * (1.0 + 0.978466e-6 * volts)))


def compute_ctf_grids(
    ctf: SeriesCtf,
    reference: TiltCtfReference,
    angpix: float,
    cycles_x: Float64[np.ndarray, "*sample"],
    cycles_y: Float64[np.ndarray, "*sample"],
) -> CtfGrids:
    """Evaluate the shared part of a series' CTFs in float64.

    Parameters
    ----------
    ctf, reference
        The series' CTF and its parameters per tilt.
    angpix
        Pixel size of the rescaled images in Å.
    cycles_x, cycles_y
        Frequencies in cycles per pixel along the image's x and y. Rows at Nyquist count as +1/2.
    """
    angle = np.arctan2(cycles_y, cycles_x)
    pixel = angpix * (1.0 + 0.5 * ctf.angpix_delta * _cos_twice(angle, ctf.angpix_delta_angle_deg))
    k2 = (cycles_x**2 + cycles_y**2) / pixel**2
    per_tilt = (slice(None),) + (None,) * angle.ndim
    astigmatism = _cos_twice(angle, ctf.defocus_angle_deg[per_tilt])
    defocus_um = reference.defocus_um[per_tilt] + 0.5 * ctf.defocus_delta_um[per_tilt] * astigmatism
    turns_per_um = -0.5 * wavelength_ang(ctf.voltage_kv) * ANG_PER_UM * k2
    turns = turns_per_um * defocus_um + _offset_turns(ctf, k2, ctf.phase_pi[per_tilt])
    anisotropic = _cos_twice(angle, reference.bfactor_angle_deg[per_tilt])
    bfactor = reference.bfactor_ang2[per_tilt] + reference.bfactor_delta_ang2[per_tilt] * anisotropic
    return CtfGrids(
        phase_turns=_single(turns - np.round(turns)),
        turns_per_um=_single(turns_per_um),
        unweighted=_single(ctf.scale * np.exp(0.25 * ctf.bfactor_ang2 * k2)),
        envelope=_single(np.exp(0.25 * bfactor * k2)),
        quarter_k2=_single(0.25 * k2),
    )


def compute_flat_grids(takes_part: Bool[np.ndarray, " tilt"], sample_shape: tuple[int, ...]) -> CtfGrids:
    """Grids of a CTF that is 1 in the tilts that take part and 0 in the others, whatever the defocus."""
    quarter = np.where(takes_part, -0.25, 0.0)[(slice(None),) + (None,) * len(sample_shape)]
    ones, zeros = np.ones(sample_shape), np.zeros(sample_shape)
    return CtfGrids(
        phase_turns=_single(quarter * ones),
        turns_per_um=_single(zeros),
        unweighted=_single(ones),
        envelope=_single(np.broadcast_to(ones, (len(takes_part), *sample_shape))),
        quarter_k2=_single(zeros),
    )


def evaluate_ctf(
    grids: CtfGrids, tilt: Array | int, particle: ParticleCtf, *, local_bfactors: bool
) -> tuple[Float[Array, "*sample particle"], Float[Array, "*sample particle"]]:
    """Unweighted and weighted CTF of every particle in one tilt, particle as the last axis.

    Parameters
    ----------
    grids, tilt
        The series' grids and the index of the tilt in them.
    particle
        What the particles add.
    local_bfactors
        Whether ``particle.bfactor_ang2`` is looked at.
    """
    wave = -sin_turns(
        grids.phase_turns[tilt][..., None] + grids.turns_per_um[..., None] * particle.defocus_um
    )
    weighted = grids.envelope[tilt][..., None] * particle.scale * wave
    if local_bfactors:
        weighted = weighted * jnp.exp(grids.quarter_k2[..., None] * particle.bfactor_ang2)
    return jnp.asarray(grids.unweighted)[..., None] * wave, weighted


def _offset_turns(ctf: SeriesCtf, k2: np.ndarray, phase_pi: np.ndarray) -> np.ndarray:
    """The terms of gamma that defocus does not touch, in turns."""
    spherical = 0.25 * ctf.cs_mm * ANG_PER_MM * wavelength_ang(ctf.voltage_kv) ** 3 * k2**2
    return np.asarray(spherical - 0.5 * phase_pi - np.arcsin(ctf.amplitude) / (2.0 * np.pi))


def _cos_twice(angle_rad: np.ndarray, axis_deg: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.cos(2.0 * (angle_rad - np.deg2rad(axis_deg))))


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)
