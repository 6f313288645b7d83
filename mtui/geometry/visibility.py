"""Which tilts of a series show a particle, and which take part at all."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from mtui.geometry.arrays import Floats, Indices
from mtui.geometry.tilts import Frame, TiltGeometry, dose_order


def tilts_within_dose(geometry: TiltGeometry, first_tilts: int | None) -> Int[Indices, " used"]:
    """Indices of the ``first_tilts`` tilts of lowest dose, ascending by index; all of them without a limit.

    As in M's image series, deselected tilts count towards the limit.
    """
    if first_tilts is None:
        return np.arange(geometry.n_tilts)
    return np.sort(dose_order(geometry.dose)[: max(first_tilts, 0)])


def selected_tilts(geometry: TiltGeometry, first_tilts: int | None) -> Int[Indices, " used"]:
    """``tilts_within_dose`` without the deselected ones."""
    used = tilts_within_dose(geometry, first_tilts)
    return used[geometry.use_tilt[used]]


def visible_tilts(
    geometry: TiltGeometry, frame: Frame, xy_ang: Float[Floats, "particle tilt 2"], diameter_ang: int
) -> Bool[NDArray[np.bool_], "particle tilt"]:
    """Whether each tilt is selected and shows the whole particle.

    Matches M's ``TiltSeries.ReconstructParticleSeries``: the projected centre must lie farther than the
    **integer half** of the diameter from every edge of the raw image; exactly on the limit does not count.

    Parameters
    ----------
    xy_ang
        (P, T, 2) projected positions in Å from ``positions_in_tilts``, size rounding included.
    diameter_ang
        Particle diameter in Å.
    """
    margin = diameter_ang // 2
    inside = (xy_ang > margin) & (xy_ang < np.asarray(frame.image_ang) - margin)
    return np.asarray(inside.all(axis=-1) & geometry.use_tilt)
