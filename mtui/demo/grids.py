"""Deformation grids and trajectories of the forward model, evaluated with SciPy's interpolants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

Floats = NDArray[np.float64]


def cubic_weights(count: int, at: Floats) -> Floats:
    """What each of ``count`` nodes, spread evenly over 0..1, contributes at the places ``at`` (..., count).

    A natural cubic spline is linear in its node values, so the splines through the unit vectors are its
    weights.
    """
    if count == 1:
        return np.ones((*at.shape, 1))
    spline = CubicSpline(np.linspace(0, 1, count), np.eye(count), bc_type="natural")
    return np.asarray(spline(at), dtype=np.float64)


def linear_weights(count: int, at: Floats) -> Floats:
    """The same for straight lines between the nodes; ``at`` must lie in 0..1."""
    position = at * (count - 1)
    return np.maximum(0.0, 1.0 - np.abs(position[..., None] - np.arange(count)))


def cubic_grid_at(values: Floats, x: Floats, y: Floats, step: Floats) -> Floats:
    """A grid (tilt, y, x) of natural cubic splines at x, y, step in 0..1, all of one shape."""
    depth, height, width = values.shape
    values_at: Floats = np.einsum(
        "...t,...y,...x,tyx->...",
        cubic_weights(depth, step),
        cubic_weights(height, y),
        cubic_weights(width, x),
        values,
    )
    return values_at


def linear_grid_at(values: Floats, x: Floats, y: Floats, z: Floats, dose: Floats) -> Floats:
    """A grid (dose, z, y, x) of linear interpolation at x, y, z, dose in 0..1, all of one shape."""
    duration, depth, height, width = values.shape
    values_at: Floats = np.einsum(
        "...w,...z,...y,...x,wzyx->...",
        linear_weights(duration, dose),
        linear_weights(depth, z),
        linear_weights(height, y),
        linear_weights(width, x),
        values,
    )
    return values_at


def key_frames_at(keys: Floats, steps: Floats) -> Floats:
    """Key frames (P, K, C), spread evenly over the exposure, at the steps (T,) in 0..1: (P, T, C).

    Monotone cubic pieces per component, as M interpolates particle trajectories (Fritsch and Butland, 1984).
    """
    count = keys.shape[1]
    if count == 1:
        return np.repeat(keys, len(steps), axis=1)
    return np.asarray(PchipInterpolator(np.linspace(0, 1, count), keys, axis=1)(steps), dtype=np.float64)
