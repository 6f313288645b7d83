from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtui.demo.forward import compute_appearance
from mtui.demo.rotations import matrices_from_euler
from tests.demo.flat_series import flat_series

PLACE = np.array([[[370.0, 280.0, 130.0]]])
"""70, 30 and 30 Å from the centre of the volume."""
POSE = np.array([[[20.0, 50.0, -30.0]]])
SHIFTS = np.array([[0.0, 0, 0], [10, 0, 0], [30, 0, 0]])
COS, SIN = np.cos(np.radians(40)), np.sin(np.radians(40))


def test_an_untilted_image_shows_the_volume_from_above() -> None:
    seen = compute_appearance(flat_series(), PLACE, POSE)
    np.testing.assert_allclose(seen.xy_ang[0, 1], (400 + 70, 360 + 30))
    assert seen.defocus_um[0, 1] == pytest.approx(30e-4)
    np.testing.assert_allclose(seen.matrices[0, 1], matrices_from_euler(POSE)[0, 0])


def test_a_positive_tilt_moves_what_is_higher_to_the_left_and_what_is_right_deeper() -> None:
    seen = compute_appearance(flat_series(), PLACE, POSE)
    np.testing.assert_allclose(seen.xy_ang[0, 2], (400 + 70 * COS - 30 * SIN, 390))
    assert seen.defocus_um[0, 2] == pytest.approx((70 * SIN + 30 * COS) * 1e-4)


def test_inverted_angles_change_nothing_but_the_sign_of_the_depth() -> None:
    plain, inverted = (
        compute_appearance(replace(flat_series(), angles_inverted=flag), PLACE, POSE)
        for flag in (False, True)
    )
    np.testing.assert_array_equal(plain.xy_ang, inverted.xy_ang)
    np.testing.assert_array_equal(plain.matrices, inverted.matrices)
    np.testing.assert_allclose(plain.defocus_um, -inverted.defocus_um)


def test_volume_warps_are_added_and_image_movements_subtracted() -> None:
    series = flat_series()
    node = np.ones((1, 1, 1, 1))
    moved = replace(series.warps, movement_x=5 * node[0], warp_y=7 * node, warp_z=11 * node)
    before = compute_appearance(series, PLACE, POSE)
    after = compute_appearance(replace(series, warps=moved), PLACE, POSE)
    np.testing.assert_allclose((after.xy_ang - before.xy_ang)[0, 1], (-5, 7), atol=1e-9)
    assert (after.defocus_um - before.defocus_um)[0, 1] == pytest.approx(11e-4)


def test_the_axis_turns_the_image_and_its_offsets_are_added() -> None:
    series = replace(flat_series(), axis_angle_deg=np.full(3, 90.0), axis_offset_x_ang=np.full(3, 9.0))
    seen = compute_appearance(series, PLACE, POSE)
    np.testing.assert_allclose(seen.xy_ang[0, 1], (400 - 30 + 9, 360 + 70), atol=1e-9)


def test_angle_corrections_turn_a_particle_where_it_is() -> None:
    series = flat_series()
    turned = replace(series, warps=replace(series.warps, angle_z=np.full(3, 90.0)))
    before, after = (compute_appearance(entry, PLACE, POSE) for entry in (series, turned))
    np.testing.assert_array_equal(before.xy_ang, after.xy_ang)
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(after.matrices[0, 1], quarter @ before.matrices[0, 1], atol=1e-12)


def test_a_particle_is_followed_along_its_key_frames() -> None:
    keys = np.concatenate([PLACE + shift for shift in SHIFTS], axis=1)
    seen = compute_appearance(flat_series((0.0, 0.1, 0.2)), keys, POSE)
    np.testing.assert_allclose(seen.xy_ang[0, :, 0], (470, 480, 500), atol=0.2)
