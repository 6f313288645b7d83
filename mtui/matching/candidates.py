"""The first guess at which pairs of a tilt series can matter, from nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.spatial import KDTree

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

NEIGHBOURS = 8
"""Nearest neighbours of every particle in the other set."""
LEFTOVER_NEIGHBOURS = 20
"""Nearest neighbours, among themselves, of the particles that are not each other's nearest."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Nearest neighbours between two sets of positions, in both directions."""

    keys: Indices
    """``old * n_new + new`` of all neighbours; some appear twice."""
    mutual_old: Indices
    """Old particles that are the nearest of their nearest new one."""
    mutual_new: Indices
    """That new one."""
    left_old: Indices
    """The other old particles."""
    left_new: Indices
    """The other new particles."""


def find_neighbours(old_ang: Floats, new_ang: Floats, count: int = NEIGHBOURS) -> Neighbours:
    """The ``count`` nearest new particles of every old one, and the other way round.

    ``old_ang`` (N, 3) and ``new_ang`` (M, 3) are in Å.
    """
    from scipy.spatial import KDTree

    old_count, new_count = len(old_ang), len(new_ang)
    near_new = _query(KDTree(new_ang), old_ang, count)
    near_old = _query(KDTree(old_ang), new_ang, count)
    old_keys = np.arange(old_count)[:, None] * new_count + near_new
    new_keys = near_old * new_count + np.arange(new_count)[:, None]
    mutual_old = np.flatnonzero(near_old[near_new[:, 0], 0] == np.arange(old_count))
    mutual_new = near_new[mutual_old, 0]
    return Neighbours(
        np.concatenate([old_keys.ravel(), new_keys.ravel()]),
        mutual_old,
        mutual_new,
        np.delete(np.arange(old_count), mutual_old),
        np.delete(np.arange(new_count), mutual_new),
    )


def candidate_pairs(old_ang: Floats, new_ang: Floats, near: Neighbours) -> Indices:
    """Keys of likely pairs, ascending, among them a matching of min(N, M) pairs.

    The left-over particles are joined to their neighbours among themselves, and once more in their order
    along the longest axis, so that a solver always finds partners for them.
    """
    new_count = len(new_ang)
    keys = [near.keys, near.mutual_old * new_count + near.mutual_new]
    if near.left_old.size and near.left_new.size:
        old_left, new_left = old_ang[near.left_old], new_ang[near.left_new]
        between = find_neighbours(old_left, new_left, LEFTOVER_NEIGHBOURS)
        old, new = np.divmod(between.keys, len(new_left))
        keys.append(near.left_old[old] * new_count + near.left_new[new])
        old, new = _in_order(old_left, new_left)
        keys.append(near.left_old[old] * new_count + near.left_new[new])
    return sorted_unique(np.concatenate(keys))


def pairs_within(old_ang: Floats, new_ang: Floats, gate_ang: float, at_most: int) -> Indices | None:
    """Keys of all pairs at most ``gate_ang`` apart, ascending; None if there are more than ``at_most``."""
    from scipy.spatial import KDTree

    old_tree, new_tree = KDTree(old_ang), KDTree(new_ang)
    if int(old_tree.count_neighbors(new_tree, gate_ang)) > at_most:
        return None
    lists = old_tree.query_ball_tree(new_tree, gate_ang)
    old = np.repeat(np.arange(len(old_ang)), [len(found) for found in lists])
    new = np.fromiter((entry for found in lists for entry in found), np.int64, count=len(old))
    return np.sort(old * len(new_ang) + new)


def sorted_unique(keys: Indices) -> Indices:
    """The different keys in ascending order; for long integer arrays faster than ``np.unique``."""
    keys = np.sort(keys)
    is_first = np.ones(keys.size, np.bool_)
    is_first[1:] = keys[1:] != keys[:-1]
    return keys[is_first]


def _query(tree: KDTree, points_ang: Floats, count: int) -> Indices:
    """Indices (P, k) of the ``count`` nearest points of the tree, fewer where it holds fewer."""
    counts = np.arange(1, min(count, tree.n) + 1)  # a list of counts always gives a column for each
    return np.asarray(tree.query(points_ang, counts)[1], dtype=np.int64)


def _in_order(old_ang: Floats, new_ang: Floats) -> tuple[Indices, Indices]:
    """As many pairs as possible, in the order of both sets along the longest axis."""
    axis = int(np.argmax(np.ptp(np.concatenate([old_ang, new_ang]), axis=0)))
    count = min(len(old_ang), len(new_ang))
    old = np.argsort(old_ang[:, axis], kind="stable")[:count]
    return old, np.argsort(new_ang[:, axis], kind="stable")[:count]
