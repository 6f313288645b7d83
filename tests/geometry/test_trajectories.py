from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.interpolate import PchipInterpolator

from mtui.geometry.arrays import Array
from mtui.geometry.euler import rotate_z
from mtui.geometry.trajectories import dose_steps, resample, resample_keys, shift_trajectories
from tests.geometry.golden import SERIES, load_series, load_units

KEYS = st.integers(1, 7).flatmap(
    lambda count: arrays(np.float64, (2, count, 3), elements=st.integers(-50, 50).map(lambda v: v / 4))
)


@settings(max_examples=50, deadline=None)
@given(KEYS)
def test_resampling_is_pchip_per_component(keys: Array) -> None:
    steps = np.linspace(-0.1, 1.1, 61)
    count = keys.shape[1]
    if count == 1:
        expected = np.repeat(keys, len(steps), axis=1)
    else:
        expected = PchipInterpolator(np.linspace(0, 1, count), keys, axis=1)(steps)
    np.testing.assert_allclose(resample(keys, steps), expected, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(KEYS, st.integers(1, 8))
def test_key_frame_0_is_kept_exactly(keys: Array, count: int) -> None:
    resampled = resample_keys(keys, count)
    assert resampled.shape == (2, count, 3)
    np.testing.assert_array_equal(resampled[:, 0], keys[:, 0])
    np.testing.assert_allclose(resample_keys(keys, keys.shape[1]), keys)


@pytest.mark.parametrize("case", load_units("pchip"), ids=lambda case: str(case["keyframes"]))
def test_interpolation_gives_the_numbers_of_m(case: dict[str, Any]) -> None:
    keys = np.array(case["keyframes"])[None, :, None]
    result = resample(keys, np.array(case["query"]))[0, :, 0]
    np.testing.assert_allclose(result, case["result_m"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", load_units("resample"), ids=lambda case: f"to {case['new_n']}")
def test_resampled_keys_are_those_of_m(case: dict[str, Any]) -> None:
    keys = np.array(case["keyframes"])[None, :, None]
    np.testing.assert_allclose(resample_keys(keys, case["new_n"])[0, :, 0], case["result_m"], rtol=1e-6)


@pytest.mark.parametrize("name", SERIES)
def test_trajectories_over_the_dose_of_a_series(name: str) -> None:
    golden = load_series(name)
    steps = dose_steps(golden.geometry.dose)[golden.tilts]
    for particle, (coords, angles) in enumerate(zip(golden.coord_keys, golden.angle_keys, strict=True)):
        np.testing.assert_allclose(resample(np.array([coords]), steps)[0], golden.coords[particle], atol=1e-3)
        np.testing.assert_allclose(resample(np.array([angles]), steps)[0], golden.angles[particle], atol=5e-5)


def test_euler_angles_are_not_unwrapped() -> None:
    assert resample(np.array([[[179.0], [-179.0]]]), np.array([0.5]))[0, 0, 0] == pytest.approx(0.0)


def test_steps_run_from_the_lowest_to_the_highest_dose() -> None:
    np.testing.assert_allclose(dose_steps(np.array([30.0, 10.0, 20.0])), [1.0, 0.0, 0.5])


@pytest.mark.parametrize("dose", [[5.0, 5.0, 5.0], [7.0], [0.0, 0.0]])
def test_equal_doses_give_the_first_key_frame(dose: list[float]) -> None:
    steps = dose_steps(np.array(dose))
    np.testing.assert_array_equal(steps, 0.0)
    keys = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    np.testing.assert_array_equal(resample(keys, steps), np.repeat(keys[:, :1], len(dose), axis=1))


def test_shift_turns_with_the_pose_at_tilt_index_0() -> None:
    coords = np.array([[[100.0, 200.0, 300.0], [110.0, 210.0, 310.0]]])
    angles = np.array([[[90.0, 0.0, 0.0], [45.0, 45.0, 45.0]]])
    shifted = shift_trajectories(coords, angles, (10.0, 0.0, 5.0))
    offset = rotate_z(-90.0) @ np.array([10.0, 0.0, 5.0])
    np.testing.assert_allclose(shifted - coords, np.broadcast_to(offset, coords.shape), atol=1e-12)
    np.testing.assert_allclose(offset, [0.0, -10.0, 5.0], atol=1e-12)


def test_shifts_of_m() -> None:
    golden = load_series("TS_1")
    expected = {3: (-9.722666, 34.420006, 10.987845), 8: (-19.533298, -28.425695, 14.506208)}
    assert golden.tilts[0] == 0
    rotated = shift_trajectories(np.zeros_like(golden.coords), golden.angles, (10.0, -20.0, 30.0))[:, 0]
    # Particles 3 and 12 of the reference; the latter is the ninth of the twelve kept.
    np.testing.assert_allclose(rotated[3], expected[3], atol=2e-5)
    np.testing.assert_allclose(rotated[8], expected[8], atol=2e-5)
