from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.geometry.arrays import Array
from mtui.geometry.euler import matrix_from_euler, rotate_x, rotate_y, rotate_z
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilts import (
    Frame,
    TiltGeometry,
    dose_order,
    particle_matrices,
    positions_in_tilts,
    shared_tilt_matrices,
    tilt_matrices,
)
from tests.geometry.golden import SERIES, load_series
from tests.geometry.series import plain_geometry

FRAME = Frame((3000.0, 4000.0, 1000.0), (4100.0, 3100.0))
ANGLES_DEG = np.array([-40.0, -3.0, 0.0, 25.0, 55.0])
DOSE = np.array([40.0, 10.0, 0.0, 20.0, 30.0])
SEEDS = st.integers(0, 2**32 - 1)


def series(inverted: bool = False) -> TiltGeometry:
    """Five tilts with an axis, offsets and levels, without grids."""
    return replace(
        plain_geometry(ANGLES_DEG, DOSE),
        axis_angle_deg=np.array([84.0, 85.0, 85.5, 86.0, 84.5]),
        axis_offset_x_ang=np.array([12.0, -7.0, 3.0, 40.0, -22.0]),
        axis_offset_y_ang=np.array([-5.0, 9.0, 1.0, -31.0, 18.0]),
        level_angle_x_deg=1.5,
        level_angle_y_deg=-6.0,
        angles_inverted=inverted,
        defocus_um=CubicGrid(np.array([2.0, 2.5, 3.0, 2.2, 1.9])[:, None, None]),
    )


def points(seed: int, count: int = 6) -> Array:
    """Moving particles (P, T, 3) in Å."""
    fractions = np.random.default_rng(seed).uniform(0.0, 1.0, (count, 5, 3))
    return np.multiply(fractions, FRAME.volume_ang)


def random_grid(seed: int) -> CubicGrid:
    return CubicGrid(np.random.default_rng(seed).normal(0.0, 5.0, (5, 3, 4)))


@pytest.mark.parametrize("name", SERIES)
def test_positions_are_those_of_m(name: str) -> None:
    golden = load_series(name)
    coords = np.zeros((len(golden.coords), golden.geometry.n_tilts, 3))
    coords[:, golden.tilts] = golden.coords
    positions = positions_in_tilts(golden.geometry, golden.frame, coords)
    np.testing.assert_allclose(
        positions.xy_ang[:, golden.tilts], golden.positions[..., :2], rtol=0, atol=2e-3
    )
    np.testing.assert_allclose(
        positions.defocus_um[:, golden.tilts], golden.positions[..., 2], rtol=0, atol=2e-6
    )
    rounded = positions_in_tilts(golden.geometry, golden.rounded_frame, coords)
    np.testing.assert_allclose(
        rounded.xy_ang[:, golden.tilts], golden.positions_rounded[..., :2], rtol=0, atol=2e-3
    )


@pytest.mark.parametrize("name", SERIES)
def test_matrices_are_those_of_m(name: str) -> None:
    golden = load_series(name)
    shape = len(golden.coords), golden.geometry.n_tilts, 3
    coords, angles = np.zeros(shape), np.zeros(shape)
    coords[:, golden.tilts], angles[:, golden.tilts] = golden.coords, golden.angles
    matrices = particle_matrices(golden.geometry, golden.frame, coords, angles)[:, golden.tilts]
    np.testing.assert_allclose(matrices.reshape(golden.matrices.shape), golden.matrices, rtol=0, atol=1e-6)


def test_tilt_matrix_of_m() -> None:
    geometry = load_series("TS_1").geometry
    zero = CubicGrid.constant(0.0)
    matrices = shared_tilt_matrices(replace(geometry, angle_x=zero, angle_y=zero, angle_z=zero))
    assert matrices is not None
    expected = [
        [0.0635279, 0.9956378, -0.0683337],
        [-0.8257191, 0.0908948, 0.5567101],
        [0.5604928, 0.0210578, 0.8278916],
    ]
    np.testing.assert_allclose(matrices[0], expected, atol=2e-7)


@pytest.mark.parametrize("name", SERIES)
def test_dose_order_is_that_of_m(name: str) -> None:
    golden = load_series(name)
    assert dose_order(golden.geometry.dose).tolist() == golden.dose_order


def test_equal_doses_keep_their_order() -> None:
    assert dose_order(np.array([3.0, 1.0, 3.0, 1.0] * 10)).tolist() == [*range(1, 40, 2), *range(0, 40, 2)]


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_positions_are_affine_and_the_matrix_is_their_slope(seed: int) -> None:
    geometry, coords = series(), points(seed)
    positions, matrices = positions_in_tilts(geometry, FRAME, coords), shared_tilt_matrices(geometry)
    assert matrices is not None
    projected = np.einsum("tij,ptj->pti", matrices, coords - np.array(FRAME.volume_ang) / 2)
    offsets = np.stack([geometry.axis_offset_x_ang, geometry.axis_offset_y_ang], axis=-1)
    expected = projected[..., :2] + offsets + np.array(FRAME.image_ang) / 2
    np.testing.assert_allclose(positions.xy_ang, expected, atol=1e-9)
    defocus = geometry.defocus_um.values.ravel() + 1e-4 * projected[..., 2]
    np.testing.assert_allclose(positions.defocus_um, defocus, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_inversion_flips_the_depth_term_only(seed: int) -> None:
    coords = points(seed)
    normal = positions_in_tilts(series(), FRAME, coords)
    inverted = positions_in_tilts(series(inverted=True), FRAME, coords)
    np.testing.assert_array_equal(inverted.xy_ang, normal.xy_ang)
    mean = (inverted.defocus_um + normal.defocus_um) / 2
    np.testing.assert_allclose(mean, np.broadcast_to([2.0, 2.5, 3.0, 2.2, 1.9], mean.shape), atol=1e-6)
    assert np.abs(inverted.defocus_um - normal.defocus_um).max() > 1e-3
    np.testing.assert_array_equal(
        tilt_matrices(series(inverted=True), FRAME, coords), tilt_matrices(series(), FRAME, coords)
    )


def test_larger_z_is_more_defocus_unless_inverted() -> None:
    coords = np.repeat(np.array([[[1500.0, 2000.0, 400.0]], [[1500.0, 2000.0, 600.0]]]), 5, axis=1)
    low, high = positions_in_tilts(series(), FRAME, coords).defocus_um
    assert (high > low).all()
    low, high = positions_in_tilts(series(inverted=True), FRAME, coords).defocus_um
    assert (high < low).all()


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_movement_is_subtracted_where_the_particle_projects(seed: int) -> None:
    coords, geometry = points(seed), series()
    moving = replace(geometry, movement_x=random_grid(1), movement_y=random_grid(2))
    still, moved = (positions_in_tilts(g, FRAME, coords) for g in (geometry, moving))
    x, y = still.xy_ang[..., 0] / FRAME.image_ang[0], still.xy_ang[..., 1] / FRAME.image_ang[1]
    tilt = np.linspace(0, 1, 5)
    np.testing.assert_allclose(
        moved.xy_ang[..., 0], still.xy_ang[..., 0] - moving.movement_x.at(x, y, tilt), atol=1e-4
    )
    np.testing.assert_allclose(
        moved.xy_ang[..., 1], still.xy_ang[..., 1] - moving.movement_y.at(x, y, tilt), atol=1e-4
    )
    np.testing.assert_array_equal(moved.defocus_um, still.defocus_um)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_warps_are_added_to_the_particle(seed: int) -> None:
    coords, geometry = points(seed), series()
    grids = [LinearGrid4D(np.random.default_rng(axis).normal(0, 9, (3, 2, 3, 4))) for axis in range(3)]
    warped = replace(geometry, warp_x=grids[0], warp_y=grids[1], warp_z=grids[2])
    x, y, z = np.moveaxis(coords / np.array(FRAME.volume_ang), -1, 0)
    displaced = coords + np.stack([grid.at(x, y, z, DOSE / 40.0) for grid in grids], axis=-1)
    expected, result = (
        positions_in_tilts(geometry, FRAME, displaced),
        positions_in_tilts(warped, FRAME, coords),
    )
    np.testing.assert_allclose(result.xy_ang, expected.xy_ang, atol=1e-9)
    np.testing.assert_allclose(result.defocus_um, expected.defocus_um, atol=1e-12)


def test_size_rounding_scales_positions_only() -> None:
    coords = points(0)
    rounded = positions_in_tilts(series(), replace(FRAME, size_rounding=(0.99, 1.02)), coords)
    plain = positions_in_tilts(series(), FRAME, coords)
    np.testing.assert_allclose(rounded.xy_ang, plain.xy_ang * [0.99, 1.02])
    np.testing.assert_array_equal(rounded.defocus_um, plain.defocus_um)


def test_defocus_grid_is_looked_up_at_each_particle() -> None:
    spatial = replace(series(), defocus_um=random_grid(3))
    coords = points(4)
    together = positions_in_tilts(spatial, FRAME, coords).defocus_um
    for particle in range(len(coords)):
        alone = positions_in_tilts(spatial, FRAME, coords[particle : particle + 1]).defocus_um
        np.testing.assert_allclose(together[particle], alone[0], atol=1e-12)


def test_magnification_and_selection_move_nothing() -> None:
    coords, geometry = points(5), series()
    other = replace(
        geometry, magnification=np.array([[1.03, 0.02], [-0.01, 0.97]]), use_tilt=np.zeros(5, dtype=bool)
    )
    assert positions_in_tilts(geometry, FRAME, coords) == positions_in_tilts(other, FRAME, coords)


def test_angle_grids_turn_after_the_tilt() -> None:
    values = np.arange(1.0, 6.0)[:, None, None]
    geometry = replace(
        series(), angle_x=CubicGrid(values), angle_y=CubicGrid(-2 * values), angle_z=CubicGrid(3 * values)
    )
    matrices, bare = shared_tilt_matrices(geometry), shared_tilt_matrices(series())
    assert matrices is not None and bare is not None
    for tilt, angle in enumerate(values.ravel()):
        correction = rotate_z(3 * angle) @ rotate_y(-2 * angle) @ rotate_x(angle)
        np.testing.assert_allclose(matrices[tilt], correction @ bare[tilt], atol=1e-6)


def test_particles_share_matrices_unless_angle_grids_vary_over_the_volume() -> None:
    coords, angles = points(6), np.random.default_rng(6).uniform(-180, 180, (6, 5, 3))
    shared = shared_tilt_matrices(series())
    assert shared is not None
    np.testing.assert_array_equal(
        tilt_matrices(series(), FRAME, coords), np.broadcast_to(shared, (6, 5, 3, 3))
    )
    np.testing.assert_allclose(
        particle_matrices(series(), FRAME, coords, angles), shared @ matrix_from_euler(angles), atol=1e-12
    )
    varying = replace(series(), angle_y=random_grid(8))
    assert shared_tilt_matrices(varying) is None
    own = tilt_matrices(varying, FRAME, coords)
    assert own.shape == (6, 5, 3, 3)
    assert np.abs(own[0] - own[1]).max() > 1e-3


def test_angle_grids_are_looked_up_at_y_over_the_width() -> None:
    """M's rule for all tilts: 4000 Å in a volume 3336 Å wide and 4753.8 Å high is at 1.19904."""
    frame = Frame((3336.0, 4753.8, 834.0), (4803.84, 3412.728))
    grid = CubicGrid(np.array([[[0.0, 0.0], [1.0, 1.0]]]))
    geometry = replace(plain_geometry(np.zeros(1), np.zeros(1)), angle_z=grid)
    matrix = tilt_matrices(geometry, frame, np.array([[[1000.0, 4000.0, 400.0]]]))[0, 0]
    assert np.rad2deg(np.arctan2(matrix[1, 0], matrix[0, 0])) == pytest.approx(1.19904, abs=1e-5)


@pytest.mark.parametrize(
    ("angles", "dose"), [([12.0], [3.0]), ([-30.0, 0.0, 30.0], [5.0, 5.0, 5.0]), ([0.0, 3.0], [0.0, 0.0])]
)
def test_one_tilt_and_equal_doses_are_finite(angles: list[float], dose: list[float]) -> None:
    warp = LinearGrid4D(np.arange(8.0).reshape(4, 1, 1, 2))
    geometry = replace(
        plain_geometry(np.array(angles), np.array(dose)),
        warp_x=warp,
        movement_x=random_grid(9),
        angle_y=random_grid(10),
        defocus_um=CubicGrid(np.full((len(angles), 1, 1), 2.0)),
    )
    coords = points(11)[:, : len(angles)]
    positions = positions_in_tilts(geometry, FRAME, coords)
    assert np.isfinite(positions.xy_ang).all() and np.isfinite(positions.defocus_um).all()
    assert np.isfinite(particle_matrices(geometry, FRAME, coords, coords)).all()


def test_geometries_are_equal_by_value() -> None:
    assert series() == series()
    assert series() != series(inverted=True)
    assert series() != replace(series(), dose=DOSE + 1.0)
    assert series() != replace(series(), movement_x=random_grid(0))
