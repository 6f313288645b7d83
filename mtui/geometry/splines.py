"""Deformation grids: natural cubic splines in space and exposure, and linear grids in four dimensions.

A coordinate runs from 0 to 1 over an axis. An axis of size 1 is constant: its coordinate is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from mtui.geometry.arrays import Array, ArrayEquality, Indices, Numbers


@dataclass(frozen=True, slots=True, eq=False)
class CubicGrid(ArrayEquality):
    """Values on a regular grid, interpolated by a tensor product of natural cubic splines.

    Matches M's ``CubicGrid.GetInterpolated`` (einspline, NATURAL on both sides): through the nodes, straight
    for two nodes, and **outside the nodes the end polynomial goes on** (no clamping). The node ``i`` of an
    axis of size M with margin m lies at ``m + i (1 - 2m) / (M - 1)``; grids of tilt series have no margins.
    """

    values: Float64[Array, "z y x"]
    margins: tuple[float, float, float] = (0.0, 0.0, 0.0)  # x, y, z

    @classmethod
    def constant(cls, value: float) -> CubicGrid:
        """A grid with one node."""
        return cls(np.full((1, 1, 1), value, dtype=np.float64))

    @property
    def is_single(self) -> bool:
        """Whether the grid has one node."""
        return self.values.size == 1

    @property
    def varies_in_xy(self) -> bool:
        """Whether the grid has more than one node along x or y."""
        return self.values.shape[1:] != (1, 1)

    def at(self, x: Numbers, y: Numbers, z: Numbers) -> Float64[Array, "*shape"]:
        """Interpolate at coordinates that broadcast against each other (0 to 1 over the grid).

        Returns float64 values of the common shape, possibly a read-only view.
        """
        coordinates = [np.asarray(c, dtype=np.float64) for c in (z, y, x)]
        coefficients, axes = self.values, []
        for axis, (coordinate, margin) in enumerate(zip(coordinates, self.margins[::-1], strict=True)):
            size = self.values.shape[axis]
            if size > 1:
                coefficients = _along(axis, _spline_prefilter(size), coefficients)
                position = (coordinate - margin) * (size - 1) / (1.0 - 2.0 * margin)
                axes.append(_cubic_taps(axis, position, size))
        return np.broadcast_to(_interpolate(coefficients, axes), np.broadcast(*coordinates).shape)


@dataclass(frozen=True, slots=True, eq=False)
class LinearGrid4D(ArrayEquality):
    """Values on a grid over space (x, y, z) and exposure (w), interpolated linearly.

    Matches M's ``LinearGrid4D.GetInterpolated``, which is not symmetric outside [0, 1]: below 0 the first
    piece goes on, above 1 the last value stays. M returns NaN for a NaN coordinate even along an axis with
    one node (and so loses every position of a series whose doses are equal); here such an axis is constant.
    """

    values: Float64[Array, "w z y x"]

    @classmethod
    def constant(cls, value: float) -> LinearGrid4D:
        """A grid with one node."""
        return cls(np.full((1, 1, 1, 1), value, dtype=np.float64))

    @property
    def is_single(self) -> bool:
        """Whether the grid has one node."""
        return self.values.size == 1

    def at(self, x: Numbers, y: Numbers, z: Numbers, w: Numbers) -> Float64[Array, "*shape"]:
        """Interpolate at coordinates that broadcast against each other (0 to 1 over the grid).

        Returns float64 values of the common shape, possibly a read-only view.
        """
        coordinates = [np.asarray(c, dtype=np.float64) for c in (w, z, y, x)]
        sizes = self.values.shape
        axes = [
            _linear_taps(axis, coordinate * (sizes[axis] - 1), sizes[axis])
            for axis, coordinate in enumerate(coordinates)
            if sizes[axis] > 1
        ]
        return np.broadcast_to(_interpolate(self.values, axes), np.broadcast(*coordinates).shape)


@dataclass(frozen=True, slots=True)
class _Taps:
    """The neighbouring nodes along one axis that take part, and their weights."""

    axis: int
    first: Indices  # index of the first node
    weights: tuple[Numbers, ...]  # of the nodes first, first + 1, ...


def _interpolate(values: Array, axes: Sequence[_Taps]) -> Numbers:
    """Sum of values times weights over the taps of all active axes."""
    if len(axes) > 1 and axes[0].axis == 0 and axes[0].first.size < axes[-1].first.size:
        values, axes = _fold_first(values, axes)
    strides = [int(np.prod(values.shape[axis + 1 :])) for axis in range(values.ndim)]
    offsets = (taps.first * strides[taps.axis] for taps in axes)
    first: Indices | np.intp = sum(offsets, start=np.zeros((), dtype=np.intp))
    # The last axis is summed first: its coordinates have the most elements, those of exposure the fewest.
    return _contract(values.ravel(), first, [(strides[taps.axis], taps.weights) for taps in axes])


def _fold_first(values: Array, axes: Sequence[_Taps]) -> tuple[Array, Sequence[_Taps]]:
    """Sum over the first axis once for each of its few coordinates, such as the tilts of many particles."""
    taps, *rest = axes
    inner = (...,) + (None,) * (values.ndim - 1)
    terms = (np.asarray(weight)[inner] * values[taps.first + k] for k, weight in enumerate(taps.weights))
    table = sum(terms, start=np.float64(0.0)).reshape(-1, *values.shape[1:])
    rows = np.arange(taps.first.size, dtype=np.intp).reshape(taps.first.shape)
    return table, [_Taps(0, rows, (np.float64(1.0),)), *rest]


def _contract(
    flat: Array, index: Indices | np.intp, axes: Sequence[tuple[int, tuple[Numbers, ...]]]
) -> Numbers:
    if not axes:
        return flat[index]
    (stride, weights), *rest = axes
    terms = (weight * _contract(flat, index + k * stride, rest) for k, weight in enumerate(weights))
    return sum(terms, start=np.float64(0.0))


def _cubic_taps(axis: int, position: Numbers, size: int) -> _Taps:
    """Cubic B-spline weights at ``position`` (0 at the first, size - 1 at the last node); NaN stays NaN."""
    cell = np.where(position < size - 2, np.floor(np.maximum(position, 0.0)), size - 2)
    t = position - cell
    square, rest = t * t, 1.0 - t
    cube = square * t
    weights = (
        rest * rest * rest / 6.0,
        (3.0 * cube - 6.0 * square + 4.0) / 6.0,
        (-3.0 * cube + 3.0 * square + 3.0 * t + 1.0) / 6.0,
        cube / 6.0,
    )
    return _Taps(axis, cell.astype(np.intp), weights)


def _linear_taps(axis: int, position: Numbers, size: int) -> _Taps:
    """Linear weights at ``position``: extrapolated before the first node, clamped after the last."""
    clamped = np.minimum(position, size - 1)
    cell = np.where(clamped < size - 2, np.floor(np.maximum(clamped, 0.0)), size - 2)
    t = clamped - cell
    return _Taps(axis, cell.astype(np.intp), (1.0 - t, t))


@lru_cache(maxsize=64)
def _spline_prefilter(size: int) -> Array:
    """Matrix (size + 2, size) from node values to the B-spline coefficients of the natural spline."""
    system = np.zeros((size + 2, size + 2))
    system[0, :3] = system[-1, -3:] = (1.0, -2.0, 1.0)
    for row in range(size):
        system[row + 1, row : row + 3] = (1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0)
    return np.asarray(np.linalg.solve(system, np.eye(size + 2)[:, 1:-1]), dtype=np.float64)


def _along(axis: int, matrix: Array, values: Array) -> Array:
    return np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)
