"""The table that RELION 5 wants of every tilt series: one row per tilt, ascending by index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.geometry.tilt_ctf import compute_tilt_ctf
from mtui.geometry.tilts import Frame, positions_in_tilts
from mtui.profiles.columns import Rows, fixed, in_order
from mtui.profiles.hand import ANG_PER_UM, centre_matrices
from mtui.profiles.poses import SeriesFacts
from mtui.profiles.tomogram import tomogram_centre_ang

TILTS = (
    "rlnTomoProjX",
    "rlnTomoProjY",
    "rlnTomoProjZ",
    "rlnTomoProjW",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnPhaseShift",
    "rlnCtfScalefactor",
    "rlnMicrographPreExposure",
)
MATRIX_DIGITS = 9


def tilt_rows(series: SeriesFacts, frame: Frame) -> Rows:
    """Projection matrix, defocus, weight and dose of every tilt, for the tomogram's centre.

    Matrices are pure rotations from the tomogram to the image, angle grids included; all else that they could
    hold has no meaning for images that are centred on their particle. Defocus in Å, angles and phase shift in
    degrees, dose in e/Å².
    """
    centre = tomogram_centre_ang(series)
    coords = np.repeat(centre[None, None], series.geometry.n_tilts, axis=1)
    defocus_um = positions_in_tilts(series.geometry, frame, coords).defocus_um
    ctf = compute_tilt_ctf(series.geometry, series.ctf, frame, coords, defocus_um)
    tilts = series.tilts
    matrices = centre_matrices(series.geometry, frame, centre)[tilts]
    mean, half_delta = ctf.defocus_um[0, tilts], ctf.delta_um[0, tilts] / 2
    rows = {
        **{f"rlnTomoProj{axis}": _vectors(matrices[:, row]) for row, axis in enumerate("XYZ")},
        "rlnTomoProjW": ["[0,0,0,1]"] * len(tilts),
        "rlnDefocusU": fixed((mean + half_delta) * ANG_PER_UM, 2),
        "rlnDefocusV": fixed((mean - half_delta) * ANG_PER_UM, 2),
        "rlnDefocusAngle": fixed(ctf.angle_deg[0, tilts], 3),
        "rlnPhaseShift": fixed(ctf.phase_pi[0, tilts] * 180.0, 3),
        "rlnCtfScalefactor": fixed(ctf.scale[0, tilts], 3),
        "rlnMicrographPreExposure": fixed(series.geometry.dose[tilts], 3),
    }
    return in_order(TILTS, rows)


def _vectors(rows: NDArray[np.float64]) -> list[str]:
    """Four numbers in brackets for each row (T, 3) of a matrix, without blanks and exponents."""
    columns = [fixed(rows[:, axis], MATRIX_DIGITS) for axis in range(3)]
    return [f"[{x},{y},{z},0]" for x, y, z in zip(*columns, strict=True)]
