"""CTF parameters of every particle in every tilt, and the weights of a dose limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from mtui.geometry.arrays import Array, ArrayEquality, Floats
from mtui.geometry.splines import CubicGrid
from mtui.geometry.tilts import Frame, TiltGeometry, dose_order, tilt_steps

DESELECTED_SCALE = 1e-4  # what M leaves of a tilt whose UseTilt is false
DOSE_BFACTOR_ANG2 = -4.0  # per e/Å², where no B-factors were refined
WEAKEST_DOSE_BFACTOR_ANG2 = -3.0  # per e/Å², a refined B-factor is never weaker than this


@dataclass(frozen=True, slots=True, eq=False)
class SeriesCtf(ArrayEquality):
    """What a tilt series' XML says about its CTF and weights."""

    voltage_kv: float
    cs_mm: float
    amplitude: float
    angpix_delta: float  # anisotropy of the pixel as a fraction
    angpix_delta_angle_deg: float
    scale: float  # of the CTF without weights; normally 1
    bfactor_ang2: float  # of the CTF without weights; normally 0
    defocus_delta_um: Float64[Array, " tilt"]  # U - V; see values_per_tilt
    defocus_angle_deg: Float64[Array, " tilt"]
    phase_pi: Float64[Array, " tilt"]  # in units of pi
    dose_bfactors: CubicGrid  # Å², over tilt
    dose_bfactors_delta: CubicGrid  # Å², over tilt
    dose_bfactors_angle: CubicGrid  # degrees, over tilt
    dose_weights: CubicGrid  # over tilt
    location_bfactors: CubicGrid  # Å², over volume x, volume y, tilt
    location_weights: CubicGrid  # over volume x, volume y, tilt


@dataclass(frozen=True, slots=True, eq=False)
class TiltCtf(ArrayEquality):
    """CTF parameters per particle and tilt; scale and B-factor are those of the weighted CTF."""

    defocus_um: Float64[Array, "particle tilt"]
    delta_um: Float64[Array, "particle tilt"]
    angle_deg: Float64[Array, "particle tilt"]
    phase_pi: Float64[Array, "particle tilt"]
    scale: Float64[Array, "particle tilt"]
    bfactor_ang2: Float64[Array, "particle tilt"]
    bfactor_delta_ang2: Float64[Array, "particle tilt"]
    bfactor_angle_deg: Float64[Array, "particle tilt"]


def values_per_tilt(grid: CubicGrid, n_tilts: int) -> Float64[Array, " tilt"]:
    """Values of a grid by array index, as M reads astigmatism and phase shift: **0 where it is too short**.

    A grid with one node so gives its value to the first tilt only.
    """
    values = np.zeros(n_tilts)
    flat = grid.values.ravel()[:n_tilts]
    values[: len(flat)] = flat
    return values


def compute_tilt_ctf(
    geometry: TiltGeometry,
    ctf: SeriesCtf,
    frame: Frame,
    coords_ang: Float[Floats, "particle tilt 3"],
    defocus_um: Float[Floats, "particle tilt"],
) -> TiltCtf:
    """Parameters of the weighted CTF of every particle in every tilt.

    Matches M's ``TiltSeries.GetCTFParamsForOneParticle`` without the global weights, which its export never
    uses. As there, scale is the cosine of the stored tilt angle where no dose weights were refined, B-factor
    -4 Å² per unit dose where no B-factors were, and the location grids count only beside refined dose grids.
    A single tilt gives NaN in M and numbers here.

    Parameters
    ----------
    geometry, ctf, frame
        The series and its physical sizes.
    coords_ang
        (P, T, 3) x, y, z in Å from the tomogram's corner, one position per tilt.
    defocus_um
        (P, T) from ``positions_in_tilts``.

    Returns
    -------
    Arrays (P, T); read-only views where particles share a value.
    """
    step = tilt_steps(geometry.n_tilts)
    coords = np.asarray(coords_ang, dtype=np.float64)
    x, y = coords[..., 0] / frame.volume_ang[0], coords[..., 1] / frame.volume_ang[1]
    scale, bfactor = _dose_scale(geometry, ctf, step), _dose_bfactor(geometry, ctf, step)
    if not ctf.dose_weights.is_single:
        scale = scale * ctf.location_weights.at(x, y, step)
    if not ctf.dose_bfactors.is_single:
        bfactor = bfactor + ctf.location_bfactors.at(x, y, step)
    shape = np.shape(defocus_um)
    return TiltCtf(
        defocus_um=np.asarray(defocus_um, dtype=np.float64),
        delta_um=np.broadcast_to(ctf.defocus_delta_um, shape),
        angle_deg=np.broadcast_to(ctf.defocus_angle_deg, shape),
        phase_pi=np.broadcast_to(ctf.phase_pi, shape),
        scale=np.broadcast_to(scale, shape),
        bfactor_ang2=np.broadcast_to(bfactor, shape),
        bfactor_delta_ang2=np.broadcast_to(ctf.dose_bfactors_delta.at(0.5, 0.5, step), shape),
        bfactor_angle_deg=np.broadcast_to(ctf.dose_bfactors_angle.at(0.5, 0.5, step), shape),
    )


def dose_limit_weights(geometry: TiltGeometry, first_tilts: int | None) -> Float64[Array, " tilt"]:
    """Factors of the weighted CTF that keep the ``first_tilts`` tilts of lowest dose; ones without a limit.

    Kept are those of them that are selected. M looks the selection of the k-th tilt by dose up at position k,
    and so loses tilts that are selected; here it is looked up at the tilt itself. Zero and less keep none.
    """
    if first_tilts is None:
        return np.ones(geometry.n_tilts)
    weights = np.zeros(geometry.n_tilts)
    kept = dose_order(geometry.dose)[: max(first_tilts, 0)]
    weights[kept] = geometry.use_tilt[kept]
    return weights


def _dose_scale(geometry: TiltGeometry, ctf: SeriesCtf, step: Array) -> Array:
    selected = np.where(geometry.use_tilt, 1.0, DESELECTED_SCALE)
    if ctf.dose_weights.is_single:
        return np.cos(np.deg2rad(geometry.angles_deg)) * selected
    return ctf.dose_weights.at(0.5, 0.5, step) * selected


def _dose_bfactor(geometry: TiltGeometry, ctf: SeriesCtf, step: Array) -> Array:
    if ctf.dose_bfactors.is_single:
        return DOSE_BFACTOR_ANG2 * geometry.dose
    refined = ctf.dose_bfactors.at(0.5, 0.5, step)
    return np.minimum(refined, WEAKEST_DOSE_BFACTOR_ANG2 * geometry.dose)
