"""Tables with one row per image: the classic one, and the one beside raw images; and poses without images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtui.formats.star import read_star
from mtui.formats.star_writer import write_star
from mtui.geometry.euler import matrix_from_euler
from mtui.geometry.tilts import particle_matrices
from mtui.profiles import coordinates, raw, warp_series
from mtui.profiles.profile import TableOptions
from tests.profiles.scene import DOSE, FRAME, VOLUME_ANG, files_of, make_particles, make_series, make_unit

BY_DOSE = np.argsort(DOSE)


def test_classic_table_has_twenty_columns_in_one_unnamed_block(tmp_path: Path) -> None:
    unit = make_unit(make_series(), make_particles(keys=3), rule="full", order="dose")
    file = files_of(warp_series.PROFILE, [warp_series.PROFILE.part_of(unit)], tmp_path)["particles.star"]
    write_star(file.path, file.tables)
    tables = read_star(file.path)
    assert list(tables) == [""]
    assert tuple(tables[""].columns) == warp_series.COLUMNS
    assert len(warp_series.COLUMNS) == 20
    assert len(tables[""]) == 30


def test_rows_and_slices_ascend_with_dose() -> None:
    unit = make_unit(make_series(), make_particles(2), rule="full", order="dose")
    rows = warp_series.PROFILE.part_of(unit)["particles"]
    names = [f"{n:03d}@particleseries/TS_1/TS_1_apo_{p:07d}_8.00A.mrcs" for p in (0, 1) for n in range(1, 6)]
    assert rows["rlnImageName"] == names
    assert rows["rlnMicrographName"] == [f"TS_1_{tilt}.mrc" for tilt in BY_DOSE] * 2
    bfactors = np.array(rows["rlnCtfBfactor"], dtype=float)
    np.testing.assert_allclose(bfactors, np.tile(-4.0 * np.sort(DOSE), 2))
    assert rows["rlnGroupName"] == [f"TS_1_apo_{p:07d}" for p in (0, 1) for _ in range(5)]


def test_poses_are_those_of_the_particle_in_each_tilt() -> None:
    unit = make_unit(make_series(), make_particles(4, keys=3), rule="full", order="dose")
    rows = warp_series.PROFILE.part_of(unit)["particles"]
    angles = np.stack(
        [np.array(rows[f"rlnAngle{name}"], dtype=float) for name in ("Rot", "Tilt", "Psi")], axis=1
    )
    poses = unit.poses
    exact = particle_matrices(poses.series.geometry, FRAME, poses.coords_ang, poses.tilt_angles_deg)
    np.testing.assert_allclose(matrix_from_euler(angles), exact[:, BY_DOSE].reshape(-1, 3, 3), atol=1e-6)


def test_defocus_and_place_are_those_of_the_particle_in_each_tilt() -> None:
    unit = make_unit(make_series(inverted=True), make_particles(4, keys=2), rule="full", order="dose")
    assert unit.stacks is not None
    rows = warp_series.PROFILE.part_of(unit)["particles"]
    u, v = (np.array(rows[f"rlnDefocus{axis}"], dtype=float).reshape(4, 5) for axis in "UV")
    projections = unit.stacks.projections
    np.testing.assert_allclose((u + v) / 2, projections.defocus_um[:, BY_DOSE] * 1e4, atol=0.11)
    np.testing.assert_allclose(
        u - v, np.tile(unit.poses.series.ctf.defocus_delta_um[BY_DOSE] * 1e4, (4, 1)), atol=0.11
    )
    place = np.array(rows["rlnCoordinateX"], dtype=float).reshape(4, 5)
    np.testing.assert_allclose(place * 8.0, projections.xy_ang[:, BY_DOSE, 0], atol=1e-3)
    assert set(rows["rlnPhaseShift"]) == {"45.0"}


def test_scale_factors_are_cosines_up_to_one() -> None:
    rows = warp_series.PROFILE.part_of(make_unit(make_series(), make_particles(1), rule="full", order="dose"))
    scale = np.array(rows["particles"]["rlnCtfScalefactor"], dtype=float)
    np.testing.assert_allclose(scale, np.cos(np.radians([0, 20, -20, 40, -40])), atol=5e-5)
    assert scale.max() <= 1.0


def test_raw_volumes_have_a_row_per_particle_and_tilt(tmp_path: Path) -> None:
    unit = make_unit(make_series(), make_particles(3), rule="everything")
    files = files_of(raw.PROFILE, [raw.PROFILE.part_of(unit)], tmp_path)
    for file in files.values():
        write_star(file.path, file.tables)
    particles = read_star(tmp_path / "particles.star")["particles"]
    images = read_star(tmp_path / "particles_ctf.star")["images"]
    assert "rlnCtfImage" not in particles.columns
    assert tuple(images.columns) == raw.CTF_ROWS
    assert len(particles) == 3 and len(images) == 15
    owners = particles.texts("rlnTomoParticleName").tolist()
    assert images.texts("rlnTomoParticleName").tolist() == [name for name in owners for _ in range(5)]
    assert images.texts("rlnImageName").tolist() == [
        name for name in particles.texts("rlnImageName").tolist() for _ in range(5)
    ]
    assert images.texts("rlnMicrographPreExposure").tolist() == [f"{dose:.3f}" for dose in DOSE] * 3


def test_raw_stacks_name_their_slices() -> None:
    unit = make_unit(make_series(), make_particles(1), rule="full", options=TableOptions(stacked=True))
    part = raw.PROFILE.part_of(unit)
    assert part["optics"]["rlnImageDimensionality"] == ["2"]
    assert part["images"]["rlnImageName"][4] == "005@particleseries/TS_1/TS_1_apo_8.00A_000001.mrcs"
    assert part["particles"]["rlnImageName"] == ["particleseries/TS_1/TS_1_apo_8.00A_000001.mrcs"]


def test_coordinates_in_pixels_and_from_the_centre(tmp_path: Path) -> None:
    unit = make_unit(make_series(), make_particles(7))
    file = files_of(coordinates.PROFILE, [coordinates.PROFILE.part_of(unit)], tmp_path)["particles.star"]
    write_star(file.path, file.tables)
    particles = read_star(file.path)["particles"]
    assert "rlnImageName" not in particles.columns
    for axis, name in enumerate("XYZ"):
        exact = unit.poses.position_ang[:, axis]
        np.testing.assert_allclose(particles.numbers(f"rlnCoordinate{name}") * 8.0, exact, atol=1e-4)
        centred = particles.numbers(f"rlnCenteredCoordinate{name}Angst")
        np.testing.assert_allclose(centred + VOLUME_ANG[axis] / 2, exact, atol=1e-4)
