"""The sign with which a particle's height enters its defocus, found by numbers instead of by convention.

RELION and cryoDRGN model the defocus of a particle at p in tilt t as ``D_t + hand * (row 3 of the tilt's
matrix) . (p - centre)``. M adds the height where angles are not inverted and subtracts it where they are, so
the hand should be +1 and -1. WarpTools writes the opposite. Whoever is right, the numbers of this very
series decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtui.geometry.tilts import Frame, TiltGeometry, positions_in_tilts, tilt_matrices

HandRule = Literal["auto", "warptools", "+1", "-1"]

ANG_PER_UM = 1e4
LARGEST_RESIDUAL_ANG = 50.0
PROBES = 32


@dataclass(frozen=True, slots=True)
class Hand:
    """What is written for one series, and how well RELION's model then follows M's."""

    value: int
    """+1 or -1."""
    residual_ang: float
    """Root mean square difference of defocus between the two models, over the probes and tilts."""
    opposite_residual_ang: float
    """The same with the other sign."""

    @property
    def is_doubtful(self) -> bool:
        """Whether RELION's model cannot follow M's in this series, or the other sign fits better."""
        return self.residual_ang > min(LARGEST_RESIDUAL_ANG, self.opposite_residual_ang)


def compute_hand(
    geometry: TiltGeometry,
    frame: Frame,
    centre_ang: NDArray[np.float64],
    positions_ang: NDArray[np.float64],
    rule: HandRule,
) -> Hand:
    """Compare both signs at the particles farthest from the centre.

    Parameters
    ----------
    geometry, frame
        The series and its physical sizes.
    centre_ang
        (3,) the centre that the tables' readers assume, in Å from the tomogram's corner.
    positions_ang
        (P, 3) the series' particles.
    rule
        ``auto`` takes the sign that fits, ``warptools`` what WarpTools would write, or the sign itself.
    """
    far = np.argsort(-np.linalg.norm(positions_ang - centre_ang, axis=1), kind="stable")[:PROBES]
    probes = positions_ang[far]
    plus, minus = (_residual(geometry, frame, centre_ang, probes, sign) for sign in (1, -1))
    signs = {
        "auto": 1 if plus <= minus else -1,
        "warptools": 1 if geometry.angles_inverted else -1,
        "+1": 1,
        "-1": -1,
    }
    value = signs[rule]
    return Hand(value, *((plus, minus) if value > 0 else (minus, plus)))


def centre_defocus_um(
    geometry: TiltGeometry, frame: Frame, centre_ang: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(T,) defocus of a particle in the tomogram's centre."""
    coords = _resting(centre_ang[None], geometry.n_tilts)
    return np.asarray(positions_in_tilts(geometry, frame, coords).defocus_um[0])


def centre_matrices(
    geometry: TiltGeometry, frame: Frame, centre_ang: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(T, 3, 3) tomogram to tilt image, as at the tomogram's centre."""
    return np.asarray(tilt_matrices(geometry, frame, _resting(centre_ang[None], geometry.n_tilts))[0])


def _residual(
    geometry: TiltGeometry,
    frame: Frame,
    centre_ang: NDArray[np.float64],
    probes_ang: NDArray[np.float64],
    sign: int,
) -> float:
    """Root mean square, in Å, over the selected tilts."""
    exact = positions_in_tilts(geometry, frame, _resting(probes_ang, geometry.n_tilts)).defocus_um
    height = (probes_ang - centre_ang) @ centre_matrices(geometry, frame, centre_ang)[:, 2].T
    model = centre_defocus_um(geometry, frame, centre_ang) * ANG_PER_UM + sign * height
    difference = (exact * ANG_PER_UM - model)[:, geometry.use_tilt]
    return float(np.sqrt(np.mean(difference**2))) if difference.size else 0.0


def _resting(points_ang: NDArray[np.float64], n_tilts: int) -> NDArray[np.float64]:
    return np.repeat(points_ang[:, None], n_tilts, axis=1)
