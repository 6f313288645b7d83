"""Pairs of position sets, of every kind that makes assignment easy, hard or ambiguous."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
KINDS = ("noisy", "unrelated", "lattice", "copies", "line", "apart", "equal", "clusters")


def make_scene(
    kind: str, n_old: int, n_new: int, seed: int, *, box_ang: float = 3000.0
) -> tuple[Floats, Floats]:
    """Two sets of positions in Å; most of the smaller set is found in both, except where the kind says no."""
    random = np.random.default_rng(seed)
    old, new = random.random((n_old, 3)) * box_ang, random.random((n_new, 3)) * box_ang
    common = min(n_old, n_new) * 4 // 5
    if kind == "noisy":
        new[:common] = old[:common] + random.normal(scale=8, size=(common, 3))
    elif kind == "lattice":
        old, new = np.rint(old / box_ang * 4) * 10, np.rint(new / box_ang * 4) * 10
    elif kind == "copies":
        few = random.random((5, 3)) * box_ang
        old, new = few[random.integers(0, 5, n_old)], few[random.integers(0, 5, n_new)]
    elif kind == "line":
        old[:, 1:], new[:, 1:] = 0, 0
    elif kind == "apart":
        new[:, 0] += 3 * box_ang
    elif kind == "equal":
        new[:common] = old[:common]
    elif kind == "clusters":
        old[: n_old // 2] = old[: n_old // 2] / 20
        new[: n_new // 3] = new[: n_new // 3] / 20
    new = new[random.permutation(n_new)]
    return old.astype(np.float32).astype(np.float64), new.astype(np.float32).astype(np.float64)


def random_scene(seed: int, most: int = 60) -> tuple[Floats, Floats]:
    """A scene of random kind, size and extent; two of five have equally many on both sides."""
    random = np.random.default_rng(seed)
    n_old, n_new = (int(count) for count in random.integers(1, most, 2))
    if random.random() < 0.4:
        n_new = n_old
    kind = KINDS[int(random.integers(len(KINDS)))]
    return make_scene(kind, n_old, n_new, seed, box_ang=float(10 ** random.integers(1, 5)))


def total_ang(old_ang: Floats, new_ang: Floats, old: NDArray[np.int64], new: NDArray[np.int64]) -> float:
    """Sum of the pairs' distances, Å."""
    return float(np.linalg.norm(old_ang[old] - new_ang[new], axis=1).sum())


def least_total_ang(old_ang: Floats, new_ang: Floats) -> float:
    """The least sum of distances of min(N, M) pairs by SciPy's dense solver, Å."""
    distance = cdist(old_ang, new_ang)
    return float(distance[linear_sum_assignment(distance)].sum())


def most_within(old_ang: Floats, new_ang: Floats, gate_ang: float) -> tuple[int, float]:
    """The largest number of pairs within a gate and their least sum of distances, by the dense solver."""
    distance = cdist(old_ang, new_ang)
    is_open = distance <= gate_ang
    gain = (1.0 + (float(distance[is_open].max()) if is_open.any() else 0.0)) * (min(distance.shape) + 1)
    chosen = linear_sum_assignment(np.where(is_open, distance - gain, 0.0))
    return int(is_open[chosen].sum()), float(distance[chosen][is_open[chosen]].sum())
