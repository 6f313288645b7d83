from __future__ import annotations

import numpy as np
import pytest

from mtui.demo.grids import cubic_grid_at, key_frames_at, linear_grid_at

VALUES = np.array([5.955, 11.569, -4.211, -8.409, 5.078])


@pytest.mark.parametrize(
    ("values", "at", "expected"),
    [
        (VALUES, 0.41, 2.0752149),
        (VALUES, 0.66, -9.350609),
        (VALUES, 1.4, 17.851982),
        (VALUES, -0.35, 6.484671),
        (VALUES[:2], 0.41, 8.25674),
        (VALUES[:2], 1.4, 13.8146),
        (VALUES[:1], 0.7, 5.955),
    ],
)
def test_cubic_grids_give_what_warp_gives(values: np.ndarray, at: float, expected: float) -> None:
    here = np.array(at)
    found = cubic_grid_at(values[:, None, None], np.array(0.3), np.array(0.8), here)
    assert found == pytest.approx(expected, abs=2e-5)


def test_cubic_grids_pass_through_their_nodes() -> None:
    grid = np.random.default_rng(3).normal(size=(4, 3, 5))
    depth, height, width = (np.linspace(0, 1, size) for size in grid.shape)
    step, y, x = np.meshgrid(depth, height, width, indexing="ij")
    np.testing.assert_allclose(cubic_grid_at(grid, x, y, step), grid, atol=1e-12)


def test_linear_grids_are_straight_between_nodes() -> None:
    grid = np.array([10.0, 20.0, 40.0])[None, None, None]
    here = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    rest = np.full(5, 0.4)
    np.testing.assert_allclose(linear_grid_at(grid, here, rest, rest, rest), [10, 15, 20, 30, 40])
    time = np.moveaxis(grid, -1, 0)
    np.testing.assert_allclose(linear_grid_at(time, rest, rest, rest, here), [10, 15, 20, 30, 40])


@pytest.mark.parametrize(
    ("keys", "at", "expected"),
    [
        ([3, 7], 0.2, 3.8),
        ([1, 4, 2], 0.05, 1.5295),
        ([1, 4, 2], 0.61, 3.922076),
        ([1, 5, 6, 6.5], 0.9, 6.39725),
        ([4.5], 0.9, 4.5),
    ],
)
def test_trajectories_run_as_in_warp(keys: list[float], at: float, expected: float) -> None:
    found = key_frames_at(np.array(keys)[None, :, None], np.array([at]))
    assert found.shape == (1, 1, 1)
    assert found[0, 0, 0] == pytest.approx(expected, abs=1e-5)
