from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import starfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from mtui.geometry.arrays import Array
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from tests.geometry.golden import load_units

RNG = np.random.default_rng(7)


def random_grid(sizes: tuple[int, int, int], margins: tuple[float, float, float], seed: int) -> CubicGrid:
    return CubicGrid(np.random.default_rng(seed).normal(size=sizes[::-1]), margins)


def nodes(size: int, margin: float) -> Array:
    return margin + np.arange(size) * (1 - 2 * margin) / max(1, size - 1)


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[st.integers(1, 6)] * 3), st.tuples(*[st.floats(0.0, 0.3)] * 3), st.integers(0, 2**32 - 1))
def test_cubic_grid_passes_through_its_nodes(
    sizes: tuple[int, int, int], margins: tuple[float, float, float], seed: int
) -> None:
    grid = random_grid(sizes, margins, seed)
    x, y, z = (nodes(size, margin) for size, margin in zip(sizes, margins, strict=True))
    at_nodes = grid.at(x[None, None, :], y[None, :, None], z[:, None, None])
    np.testing.assert_allclose(at_nodes, grid.values, atol=1e-11)


@pytest.mark.parametrize("margin", [0.0, 0.125])
@pytest.mark.parametrize("size", [2, 3, 4, 7, 41])
def test_cubic_grid_is_the_natural_spline_inside_and_outside(size: int, margin: float) -> None:
    values = RNG.normal(size=size)
    query = np.linspace(-0.4, 1.4, 91)
    grid = CubicGrid(values[:, None, None], (0.0, 0.0, margin))
    expected = CubicSpline(nodes(size, margin), values, bc_type="natural")(query)
    np.testing.assert_allclose(
        grid.at(0.0, 0.0, query), expected, atol=1e-9 * max(1.0, np.abs(expected).max())
    )


def test_cubic_grid_is_a_product_of_splines_along_each_axis() -> None:
    grid = random_grid((6, 4, 5), (0.0, 0.0, 0.0), seed=3)
    x, y, z = RNG.uniform(-0.3, 1.3, (3, 20))
    expected = []
    for point in zip(z, y, x, strict=True):
        values = grid.values
        for coordinate in point:
            values = CubicSpline(nodes(len(values), 0.0), values, bc_type="natural")(coordinate)
        expected.append(float(values))
    np.testing.assert_allclose(grid.at(x, y, z), expected, atol=1e-9)


@pytest.mark.parametrize("case", load_units("cubic_grid"), ids=lambda case: str(case["dims"]))
def test_cubic_grid_gives_the_numbers_of_m(case: dict[str, Any]) -> None:
    x, y, z = case["margins"]
    grid = CubicGrid(np.array(case["values"]).reshape(case["dims"][::-1]), (x, y, z))
    expected = np.array(case["result_m"])
    np.testing.assert_allclose(grid.at(*np.array(case["query"]).T), expected, rtol=5e-6, atol=5e-6)


@pytest.mark.parametrize(
    ("z", "expected"),
    [(0.41, 2.0752149), (0.66, -9.350609), (0.0, 5.955), (1.4, 17.851982), (-0.35, 6.484671)],
)
def test_cubic_grid_goes_on_outside_its_nodes(z: float, expected: float) -> None:
    grid = CubicGrid(np.array([5.955, 11.569, -4.211, -8.409, 5.078])[:, None, None])
    assert float(grid.at(0.5, 0.5, z)) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("case", load_units("linear_grid_4d"), ids=lambda case: str(case["dims"]))
def test_linear_grid_gives_the_numbers_of_m(case: dict[str, Any]) -> None:
    grid = LinearGrid4D(np.array(case["values"]).reshape(case["dims"][::-1]))
    np.testing.assert_allclose(grid.at(*np.array(case["query"]).T), case["result_m"], rtol=1e-6, atol=4e-6)


def test_linear_grid_is_extrapolated_below_and_clamped_above() -> None:
    grid = LinearGrid4D(np.array([10.0, 20.0, 40.0])[None, None, None, :])
    query = np.array([-0.5, -0.1, 0.25, 0.5, 1.1, 2.0])
    np.testing.assert_allclose(grid.at(query, 0.5, 0.5, 0.5), [0, 8, 15, 20, 40, 40], atol=1e-12)
    in_time = LinearGrid4D(np.array([0.0, 10.0, 40.0, 20.0])[:, None, None, None])
    np.testing.assert_allclose(in_time.at(0, 0, 0, np.array([0.1, 0.5, 1.1])), [3, 25, 20], atol=1e-12)


def test_axes_with_one_node_are_not_looked_at() -> None:
    cubic = CubicGrid(np.array([1.0, 3.0])[:, None, None])
    assert float(cubic.at(np.nan, np.inf, 0.25)) == pytest.approx(1.5)
    assert float(LinearGrid4D.constant(2.5).at(np.nan, np.nan, np.nan, np.nan)) == 2.5
    assert float(CubicGrid.constant(2.5).at(np.nan, np.nan, np.nan)) == 2.5


def test_nan_along_a_looked_up_axis_gives_nan() -> None:
    assert np.isnan(random_grid((1, 1, 5), (0.0, 0.0, 0.0), 0).at(0.0, 0.0, np.nan))
    assert np.isnan(LinearGrid4D(np.arange(4.0).reshape(4, 1, 1, 1)).at(0.0, 0.0, 0.0, np.nan))


def test_coordinates_broadcast() -> None:
    grid = random_grid((6, 4, 41), (0.0, 0.0, 0.0), seed=5)
    x, y, z = RNG.uniform(size=(3, 41)), RNG.uniform(size=(3, 41)), np.linspace(0, 1, 41)
    expected = grid.at(x, y, np.tile(z, (3, 1)))
    np.testing.assert_allclose(grid.at(x, y, z), expected, atol=1e-13)
    assert CubicGrid.constant(1.0).at(x, y, z).shape == (3, 41)
    assert LinearGrid4D.constant(1.0).at(x, y, 0.0, z).shape == (3, 41)


def test_what_a_grid_says_of_itself() -> None:
    assert CubicGrid.constant(0.0).is_single and not CubicGrid.constant(0.0).varies_in_xy
    over_tilts = CubicGrid(np.zeros((41, 1, 1)))
    assert not over_tilts.is_single and not over_tilts.varies_in_xy
    assert CubicGrid(np.zeros((1, 1, 2))).varies_in_xy
    assert LinearGrid4D.constant(0.0).is_single and not LinearGrid4D(np.zeros((2, 1, 1, 1))).is_single


def test_grids_are_equal_by_value() -> None:
    grid = random_grid((2, 3, 4), (0.0, 0.1, 0.0), seed=1)
    assert grid == CubicGrid(grid.values.copy(), (0.0, 0.1, 0.0))
    assert grid != CubicGrid(grid.values.copy())
    assert grid != CubicGrid(grid.values + 1.0, (0.0, 0.1, 0.0))
    assert CubicGrid.constant(0.0) != LinearGrid4D.constant(0.0)


@pytest.mark.shared
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_cubic_grid_agrees_with_files_written_by_warp(shared: Path, dimensions: int) -> None:
    path = shared / "data" / "metadata" / f"reference{dimensions}d.star"
    tables = starfile.read(path, always_dict=True)
    columns = ["x", "y", "z"][:dimensions]
    indices = [tables["grid"][f"i{column}"].to_numpy() for column in columns]
    values = np.zeros([1] * (3 - dimensions) + [int(index.max()) + 1 for index in indices[::-1]])
    padding = [np.zeros_like(indices[0])] * (3 - dimensions)
    values[tuple(padding + indices[::-1])] = tables["grid"]["value"]
    query = [tables["eval"][column].to_numpy(dtype=np.float64) for column in columns]
    result = CubicGrid(values).at(*query, *[0.0] * (3 - dimensions))
    assert len(result) > 40
    np.testing.assert_allclose(result, tables["eval"]["value"], atol=2e-6)
