from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.geometry.arrays import Array
from mtui.geometry.euler import euler_from_matrix, matrix_from_euler, rotate_x, rotate_y, rotate_z
from tests.geometry.golden import load_document, load_units

EULER_DEG = st.tuples(*[st.floats(-400.0, 400.0)] * 3).map(np.array)


@settings(max_examples=50, deadline=None)
@given(EULER_DEG)
def test_matrices_survive_the_way_over_angles(angles_deg: Array) -> None:
    matrix = matrix_from_euler(angles_deg)
    back = euler_from_matrix(matrix)
    assert 0.0 <= back[1] <= 180.0
    # Below a sine of 1.9e-6 M folds rot into psi, which costs as much.
    np.testing.assert_allclose(matrix_from_euler(back), matrix, atol=4e-6)
    if np.hypot(matrix[0, 2], matrix[1, 2]) > 1e-5:
        np.testing.assert_allclose(matrix_from_euler(back), matrix, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(EULER_DEG)
def test_matrices_are_rotations_of_the_opposite_sense_to_the_axes(angles_deg: Array) -> None:
    rot, tilt, psi = angles_deg
    matrix = matrix_from_euler(angles_deg)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    np.testing.assert_allclose(matrix, rotate_z(-psi) @ rotate_y(-tilt) @ rotate_z(-rot), atol=1e-12)


@pytest.mark.parametrize("case", load_units("euler"), ids=lambda case: str(case["angles_deg"]))
def test_matrices_and_angles_are_those_of_m(case: dict[str, list[float]]) -> None:
    matrix = matrix_from_euler(np.array(case["angles_deg"], dtype=np.float64))
    np.testing.assert_allclose(matrix.ravel(), case["matrix"], atol=3e-7)
    ours, theirs = euler_from_matrix(matrix), np.array(case["back_deg_m"])
    np.testing.assert_allclose(matrix_from_euler(ours), matrix_from_euler(theirs), atol=1e-6)


def test_axis_rotations_are_right_handed() -> None:
    x, y, z = np.eye(3)
    np.testing.assert_allclose(rotate_x(90.0) @ y, z, atol=1e-15)
    np.testing.assert_allclose(rotate_y(90.0) @ z, x, atol=1e-15)
    np.testing.assert_allclose(rotate_z(90.0) @ x, y, atol=1e-15)
    golden = load_document()["units"]["rotate_30deg"]
    for axis, rotate in (("x", rotate_x), ("y", rotate_y), ("z", rotate_z)):
        np.testing.assert_allclose(rotate(30.0).ravel(), golden[axis], atol=1e-7)


@pytest.mark.parametrize(
    ("nominal", "expected"),
    [
        ((15.0, 0.0001, 25.0), (0.0, 0.0, 40.0)),
        ((15.0, 0.00011, 25.0), (15.0, 0.00011, 25.0)),
        ((45.0, 179.9999, 10.0), (0.0, 180.0, -35.0)),
        ((10.0, -40.0, 20.0), (-170.0, 40.0, -160.0)),
    ],
)
def test_tilts_near_0_and_180_and_negative_ones(
    nominal: tuple[float, float, float], expected: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(euler_from_matrix(matrix_from_euler(np.array(nominal))), expected, atol=1e-8)


def test_batches_of_any_shape() -> None:
    angles_deg = np.random.default_rng(0).uniform(-180, 180, (4, 5, 3))
    matrices = matrix_from_euler(angles_deg)
    assert matrices.shape == (4, 5, 3, 3)
    np.testing.assert_array_equal(matrices[2, 3], matrix_from_euler(angles_deg[2, 3]))
    np.testing.assert_allclose(euler_from_matrix(matrices)[2, 3], euler_from_matrix(matrices[2, 3]))


def test_nan_goes_through() -> None:
    assert np.isnan(euler_from_matrix(np.full((3, 3), np.nan))).all()
