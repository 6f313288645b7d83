"""Particles that stand too close to another one of the same set.

One particle of each too close pair has to go. They are looked at in the order of their rank, and one that
is kept removes those near it; so a chain of close neighbours (a filament, a lattice) does not shrink to a
single particle, as it does when neighbours of neighbours are put together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtui.matching.distances import SLACK_ANG
from mtui.matching.pairs import rows_by_series
from mtui.matching.scores import column_of, read_scores
from mtui.model.particles import ParticleSet

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """What to keep of a set, and why the rest goes."""

    kept: Indices
    """Rows to keep, ascending."""
    removed: Indices
    """Rows to remove, ascending."""
    original: Indices
    """The kept row that each removed one is too close to."""
    distance_ang: Floats
    """How close, Å."""


def find_duplicates(
    positions_ang: ArrayLike, hashes: NDArray[np.str_], distance_ang: float, score: Floats | None = None
) -> Duplicates:
    """The particles that stand at most ``distance_ang`` from a better one of their tilt series.

    ``positions_ang`` is ``(N, 3)`` in Å, ``hashes`` ``(N,)`` names the tilt series. Better is the higher
    ``score``, then the earlier row; without scores the earlier row. No two of the kept ones are that
    close, and every removed one is that close to a kept one.
    """
    positions = np.asarray(positions_ang, dtype=np.float64).reshape(-1, 3)
    pairs = [np.empty((0, 2), np.intp)]
    for rows in rows_by_series(hashes).values():
        pairs.append(rows[_close_pairs(positions[rows], distance_ang + SLACK_ANG)])
    removed_by = _remove(np.concatenate(pairs), _rank(len(positions), score))
    removed = np.flatnonzero(removed_by >= 0)
    original = removed_by[removed]
    apart = positions[removed] - positions[original]
    return Duplicates(
        np.flatnonzero(removed_by < 0), removed, original, np.sqrt(np.square(apart).sum(axis=1))
    )


def find_particle_duplicates(
    particles: ParticleSet, distance_ang: float, best_by: str | None = None, *, highest: bool = True
) -> Duplicates:
    """The same for a particle set by its first key frame; ``best_by`` names an extra column with scores.

    ``highest`` says whether high values are good. Particles without a value are the worst.

    Raises:
        InputError: no such column, or a value that is not a number, with its row.
    """
    score = None if best_by is None else read_scores(column_of(particles, best_by), best_by, highest)
    return find_duplicates(particles.positions_ang[:, 0], particles.source_hash, distance_ang, score)


def _close_pairs(positions_ang: Floats, distance_ang: float) -> Indices:
    """(K, 2) rows of pairs at most this far apart."""
    from scipy.spatial import KDTree

    found = KDTree(positions_ang).query_pairs(distance_ang, output_type="ndarray")
    return np.asarray(found, dtype=np.intp).reshape(-1, 2)


def _rank(count: int, score: Floats | None) -> Indices:
    """Place of each row, the best first."""
    order = np.arange(count) if score is None else np.argsort(-score, kind="stable")
    rank = np.empty(count, np.intp)
    rank[order] = np.arange(count)
    return rank


def _remove(pairs: Indices, rank: Indices) -> Indices:
    """(N,) the kept row that removes each row, or -1."""
    removed_by = np.full(len(rank), -1, np.intp)
    ahead = rank[pairs[:, 0]] < rank[pairs[:, 1]]
    better = np.where(ahead, pairs[:, 0], pairs[:, 1])
    worse = np.where(ahead, pairs[:, 1], pairs[:, 0])
    for at in np.lexsort((rank[worse], rank[better])).tolist():
        if removed_by[better[at]] < 0 and removed_by[worse[at]] < 0:
            removed_by[worse[at]] = better[at]
    return removed_by
