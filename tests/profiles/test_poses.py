"""Which pose stands for a trajectory, and where tilts show particles."""

from __future__ import annotations

import numpy as np

from mtui.geometry.euler import matrix_from_euler
from mtui.geometry.trajectories import dose_steps, resample
from mtui.profiles.poses import compute_poses, project_poses
from tests.profiles.scene import DIAMETER_ANG, DOSE, FRAME, make_particles, make_series


def test_the_first_key_frame_gives_position_and_angles() -> None:
    particles = make_particles(keys=3)
    poses = compute_poses(make_series(), particles, 0, None, "first")
    np.testing.assert_array_equal(poses.position_ang, particles.positions_ang[:, 0])
    np.testing.assert_array_equal(poses.angles_deg, particles.angles_deg[:, 0])


def test_m_mixes_two_moments_in_volume_tables() -> None:
    particles = make_particles(keys=3)
    poses = compute_poses(make_series(), particles, 0, None, "m-volumes")
    # The first tilt of the list was exposed last.
    np.testing.assert_allclose(poses.position_ang, particles.positions_ang[:, -1], rtol=1e-6)
    np.testing.assert_array_equal(poses.angles_deg, particles.angles_deg[:, 0])


def test_m_takes_the_middle_tilt_in_series_tables() -> None:
    particles = make_particles(keys=3)
    poses = compute_poses(make_series(), particles, 0, None, "m-series")
    # The middle tilt was exposed first here.
    np.testing.assert_allclose(poses.position_ang, particles.positions_ang[:, 0], rtol=1e-6)
    np.testing.assert_allclose(poses.angles_deg, particles.angles_deg[:, 0], rtol=1e-6)


def test_trajectories_are_at_the_dose_of_each_tilt() -> None:
    particles = make_particles(keys=3)
    poses = compute_poses(make_series(), particles, 0, None, "first")
    np.testing.assert_array_equal(poses.coords_ang, resample(particles.positions_ang, dose_steps(DOSE)))
    np.testing.assert_array_equal(poses.tilt_angles_deg, resample(particles.angles_deg, dose_steps(DOSE)))


def test_a_shift_moves_rows_and_images_alike() -> None:
    particles = make_particles(keys=3)
    still = compute_poses(make_series(), particles, 0, None, "first")
    moved = compute_poses(make_series(), particles, 0, (10.0, -20.0, 30.0), "first")
    vector = matrix_from_euler(still.tilt_angles_deg[:, 0]) @ np.array([10.0, -20.0, 30.0])
    np.testing.assert_allclose(
        moved.coords_ang - still.coords_ang, np.repeat(vector[:, None], 5, axis=1), atol=1e-9
    )
    np.testing.assert_allclose(moved.position_ang - still.position_ang, vector, atol=1e-9)


def test_selected_particles_keep_their_numbers() -> None:
    poses = compute_poses(make_series(), make_particles(5), 64, None, "first").select([4, 1])
    assert poses.number.tolist() == [68, 65]
    assert poses.extra[0][1].tolist() == ["4", "1"]
    assert len(poses) == 2


def test_nothing_is_visible_in_a_deselected_tilt() -> None:
    poses = compute_poses(make_series(deselected=(1,)), make_particles(), 0, None, "first")
    projections = project_poses(poses, FRAME, DIAMETER_ANG)
    assert not projections.visible[:, 1].any()
    assert projections.visible[:, 2].all()
