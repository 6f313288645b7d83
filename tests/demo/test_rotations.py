from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.demo.rotations import matrices_about, matrices_from_euler, random_euler

angles = st.floats(-720, 720)


def relion_matrix(rot: float, tilt: float, psi: float) -> np.ndarray:
    """Written out element by element as RELION prints it."""
    ca, cb, cg = np.cos(np.radians([rot, tilt, psi]))
    sa, sb, sg = np.sin(np.radians([rot, tilt, psi]))
    return np.array(
        [
            [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


@settings(max_examples=50, deadline=None)
@given(angles, angles, angles)
def test_euler_matrices_are_those_of_relion(rot: float, tilt: float, psi: float) -> None:
    matrix = matrices_from_euler(np.array([rot, tilt, psi]))
    np.testing.assert_allclose(matrix, relion_matrix(rot, tilt, psi), atol=1e-12)


@pytest.mark.parametrize(
    ("axis", "vector", "turned"),
    [("x", (0, 1, 0), (0, 0, 1)), ("y", (0, 0, 1), (1, 0, 0)), ("z", (1, 0, 0), (0, 1, 0))],
)
def test_rotations_about_an_axis_are_right_handed(
    axis: str, vector: tuple[int, ...], turned: tuple[int, ...]
) -> None:
    assert axis in ("x", "y", "z")
    matrix = matrices_about(axis, np.array([90.0]))[0]  # type: ignore[arg-type]
    np.testing.assert_allclose(matrix @ vector, turned, atol=1e-12)


def test_random_orientations_cover_all_directions() -> None:
    directions = matrices_from_euler(random_euler(np.random.default_rng(1), 4000))[:, 2]
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose((directions**2).mean(axis=0), 1 / 3, atol=0.02)
