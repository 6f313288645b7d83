"""One-to-one pairs of two particle sets, as many as possible within a tolerance.

Pairs further apart than the tolerance do not exist; of the rest the largest number is formed, and among those
the one of least total distance. This is not M's rule, under which particles far from everything can take the
partners of others: here the answer does not depend on what is elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtui.matching.distances import SLACK_ANG
from mtui.matching.pairs import Pairs, pair_particles
from mtui.matching.parallel import Progress


def pair_particles_within(
    old_ang: ArrayLike,
    old_hash: NDArray[np.str_],
    new_ang: ArrayLike,
    new_hash: NDArray[np.str_],
    tolerance_ang: float,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Pairs:
    """As many pairs as possible at most ``tolerance_ang`` apart in each tilt series, of least total distance.

    Arguments and errors are those of `pairs.pair_particles`. A pair at exactly the tolerance counts.
    """
    gate_ang = tolerance_ang + SLACK_ANG
    return pair_particles(
        old_ang, old_hash, new_ang, new_hash, gate_ang=gate_ang, workers=workers, progress=progress
    )
