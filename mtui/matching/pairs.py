"""One-to-one pairs of two particle sets under M's rule.

Particles are compared within each tilt series (equal source hash) by their first key frame. All min(N, M)
pairs of a series with the least total distance are formed, however far apart; a tolerance is applied
afterwards (M's particle-sets dialog).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtui.errors import MatchingError
from mtui.matching.parallel import Progress, pair_many
from mtui.model.particles import group_codes

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Texts = NDArray[np.str_]
EXAMPLES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Old and new particles that were paired, by old index."""

    old_index: Indices
    """``(P,)`` rows of the old set, ascending."""
    new_index: Indices
    """``(P,)`` rows of the new set."""
    distance_ang: Floats
    """``(P,)`` Å."""

    def __len__(self) -> int:
        return len(self.old_index)


def pair_particles(
    old_ang: ArrayLike,
    old_hash: Texts,
    new_ang: ArrayLike,
    new_hash: Texts,
    *,
    gate_ang: float | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Pairs:
    """The pairs of least total distance in each tilt series that both sets have.

    ``old_ang`` and ``new_ang`` are positions ``(N, 3)`` in Å from the volume's corner, ``old_hash`` and
    ``new_hash`` ``(N,)`` name each particle's tilt series. With ``gate_ang`` pairs further apart are not
    formed, and of the others as many as possible (see `gated`). ``workers`` limits the processes, see
    `parallel.pair_many`; ``progress`` is told how many tilt series are done, and of how many.

    Raises:
        MatchingError: naming the rows, if a coordinate is not finite.
    """
    old, new = _finite(old_ang, "old"), _finite(new_ang, "new")
    new_rows = rows_by_series(new_hash)
    series = [(rows, new_rows[name]) for name, rows in rows_by_series(old_hash).items() if name in new_rows]
    requests = [(old[in_old], new[in_new], gate_ang) for in_old, in_new in series]
    old_parts, new_parts = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    answers = pair_many(requests, workers, progress)
    for (in_old, in_new), (first, second) in zip(series, answers, strict=True):
        old_parts.append(in_old[first])
        new_parts.append(in_new[second])
    old_index, new_index = np.concatenate(old_parts), np.concatenate(new_parts)
    order = np.argsort(old_index, kind="stable")
    old_index, new_index = old_index[order], new_index[order]
    apart = old[old_index] - new[new_index]
    return Pairs(old_index, new_index, np.sqrt(np.square(apart).sum(axis=1)))


def rows_by_series(hashes: Texts) -> dict[str, Indices]:
    """Ascending rows of each tilt series, series in ordinal order of their hashes."""
    names, codes = group_codes(hashes)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
    return {name: order[bounds[i] : bounds[i + 1]] for i, name in enumerate(names)}


def _finite(positions_ang: ArrayLike, which: str) -> Floats:
    """Positions ``(N, 3)`` in float64."""
    positions = np.asarray(positions_ang, dtype=np.float64).reshape(-1, 3)
    wrong = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if wrong.size:
        rows = ", ".join(str(row + 1) for row in wrong[:EXAMPLES])
        more = f", ... ({wrong.size:,} rows)" if wrong.size > EXAMPLES else ""
        raise MatchingError(
            f"The {which} set has coordinates that are not numbers in row {rows}{more}.",
            "Remove these rows, or correct their coordinates.",
        )
    return positions
