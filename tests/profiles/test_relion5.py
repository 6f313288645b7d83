"""The files for RELION 5."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtui.formats.star import StarTable, read_star
from mtui.formats.star_writer import write_star
from mtui.geometry.tilts import positions_in_tilts, shared_tilt_matrices
from mtui.profiles.profile import Part, TableOptions
from mtui.profiles.relion5 import OPTICS, PARTICLES, PROFILE, TOMOGRAMS
from mtui.profiles.relion5_tilts import TILTS
from mtui.profiles.stacks import StackRule
from tests.profiles.scene import FRAME, files_of, make_particles, make_series, make_unit

Tables = dict[str, dict[str, StarTable]]


def written(parts: list[Part], folder: Path) -> Tables:
    files = files_of(PROFILE, parts, folder)
    for file in files.values():
        write_star(file.path, file.tables)
    return {name: read_star(folder / name) for name in files}


def matrix_rows(table: StarTable, axis: str) -> np.ndarray:
    cells = table.texts(f"rlnTomoProj{axis}").tolist()
    return np.array([[float(number) for number in cell[1:-1].split(",")] for cell in cells])


def test_three_files_with_the_columns_of_warptools(tmp_path: Path) -> None:
    files = written([PROFILE.part_of(make_unit(make_series(), make_particles()))], tmp_path)
    assert list(files) == ["particles_tomograms.star", "particles_optimisation_set.star", "particles.star"]
    particles = files["particles.star"]
    assert list(particles) == ["general", "optics", "particles"]
    assert particles["general"].texts("rlnTomoSubTomosAre2DStacks").tolist() == ["1"]
    assert tuple(particles["optics"].columns) == OPTICS
    assert tuple(particles["particles"].columns) == (*PARTICLES, "rlnRandomSubset", "rlnHelicalTubeID")
    tomograms = files["particles_tomograms.star"]
    assert list(tomograms) == ["global", "TS_1.tomostar"]
    assert tuple(tomograms["global"].columns) == TOMOGRAMS
    assert tuple(tomograms["TS_1.tomostar"].columns) == TILTS
    members = files["particles_optimisation_set.star"][""]
    assert members.is_list
    assert members.texts("rlnTomoParticlesFile").tolist() == ["particles.star"]
    assert members.texts("rlnTomoTomogramsFile").tolist() == ["particles_tomograms.star"]


def test_no_name_that_would_make_relion_sort_the_rows(tmp_path: Path) -> None:
    files = written([PROFILE.part_of(make_unit(make_series(), make_particles()))], tmp_path)
    columns = files["particles.star"]["particles"].columns
    assert "rlnMicrographName" not in columns
    assert not any("Subtomogram" in name for name in columns)


def test_strict_is_what_tomodrgn_recognises() -> None:
    part = PROFILE.part_of(make_unit(make_series(), make_particles(), options=TableOptions(strict=True)))
    assert tuple(part["particles"]) == PARTICLES


def test_both_tables_say_the_same_of_the_lens(tmp_path: Path) -> None:
    files = written([PROFILE.part_of(make_unit(make_series(), make_particles()))], tmp_path)
    optics, tomogram = files["particles.star"]["optics"], files["particles_tomograms.star"]["global"]
    for column in (
        "rlnVoltage",
        "rlnSphericalAberration",
        "rlnAmplitudeContrast",
        "rlnTomoTiltSeriesPixelSize",
    ):
        np.testing.assert_array_equal(optics.columns[column], tomogram.columns[column])


@pytest.mark.parametrize("inverted", [False, True])
def test_relions_defocus_is_the_particles(tmp_path: Path, inverted: bool) -> None:
    series, particles = make_series(inverted=inverted), make_particles(30)
    unit = make_unit(series, particles)
    files = written([PROFILE.part_of(unit)], tmp_path)
    tomogram, tilts = (
        files["particles_tomograms.star"]["global"],
        files["particles_tomograms.star"]["TS_1.tomostar"],
    )
    rows = files["particles.star"]["particles"]
    position = np.stack([rows.numbers(f"rlnCoordinate{axis}") for axis in "XYZ"], axis=1)
    size = np.array([tomogram.numbers(f"rlnTomoSize{axis}")[0] for axis in "XYZ"])
    depth = (position - size / 2) @ matrix_rows(tilts, "Z")[:, :3].T
    mean = (tilts.texts("rlnDefocusU").astype(float) + tilts.texts("rlnDefocusV").astype(float)) / 2
    defocus = mean + tomogram.numbers("rlnTomoHand")[0] * 8.0 * depth
    exact = positions_in_tilts(series.geometry, FRAME, unit.poses.coords_ang).defocus_um * 1e4
    assert np.abs(defocus - exact).max() < 25.0
    assert tomogram.numbers("rlnTomoHand")[0] == (-1.0 if inverted else 1.0)


def test_matrices_are_the_series_rotations(tmp_path: Path) -> None:
    series = make_series()
    tilts = written([PROFILE.part_of(make_unit(series, make_particles()))], tmp_path)[
        "particles_tomograms.star"
    ]["TS_1.tomostar"]
    rows = np.stack([matrix_rows(tilts, axis) for axis in "XYZ"], axis=1)
    exact = shared_tilt_matrices(series.geometry)
    assert exact is not None
    np.testing.assert_allclose(rows[:, :, :3], exact, atol=1e-9)
    assert not rows[:, :, 3].any()
    assert matrix_rows(tilts, "W").tolist() == [[0, 0, 0, 1]] * 5


def test_deselected_tilts_are_not_mentioned(tmp_path: Path) -> None:
    unit = make_unit(make_series(deselected=(0, 3)), make_particles())
    files = written([PROFILE.part_of(unit)], tmp_path)
    tomograms = files["particles_tomograms.star"]
    assert tomograms["global"].texts("rlnTomoFrameCount").tolist() == ["3"]
    tilts = tomograms["TS_1.tomostar"]
    assert tilts.texts("rlnMicrographPreExposure").tolist() == ["6.000", "0.000", "9.000"]
    assert set(files["particles.star"]["particles"].texts("rlnTomoVisibleFrames").tolist()) == {"[1,1,1]"}
    assert tomograms["global"].texts("rlnTomoImportFractionalDose").tolist() == ["6.000"]


def test_a_single_tilt_has_its_own_dose() -> None:
    unit = make_unit(make_series(deselected=(0, 1, 2, 4)), make_particles())
    assert PROFILE.part_of(unit)["tomogram"]["rlnTomoImportFractionalDose"] == ["3.000"]


@pytest.mark.parametrize("rule", ["visible", "full", "drop-partial"])
def test_visible_frames_agree_with_the_stacks(rule: StackRule) -> None:
    particles = make_particles(80, seed=9)
    wide = particles.positions_ang.copy()
    wide[:, 0, 0] = np.linspace(0, 1600, 80)
    particles = type(particles)(
        wide, particles.angles_deg, particles.half, particles.source_name, particles.source_hash
    )
    unit = make_unit(make_series(), particles, rule=rule)
    assert unit.stacks is not None
    flags = PROFILE.part_of(unit)["particles"]["rlnTomoVisibleFrames"]
    ones = [cell.count("1") for cell in flags]
    depths = [len(tilts) for tilts in unit.stacks.slices]
    assert min(ones) >= 1
    if rule == "full":
        assert set(depths) == {5} and min(ones) < 5
    else:
        assert ones == depths
    assert (set(ones) == {5}) == (rule == "drop-partial")
    assert (unit.stacks.n_dropped > 0) and len(flags) + unit.stacks.n_dropped == 80


def test_series_without_particles_leave_no_trace(tmp_path: Path) -> None:
    parts = [
        PROFILE.part_of(make_unit(make_series(f"TS_{n}.tomostar"), make_particles(count)))
        for n, count in ((1, 2), (2, 0), (3, 3), (3, 1))
    ]
    files = written(parts, tmp_path)
    optics = files["particles.star"]["optics"]
    assert optics.texts("rlnOpticsGroupName").tolist() == ["opticsGroup1", "opticsGroup2"]
    assert optics.texts("rlnOpticsGroup").tolist() == ["1", "2"]
    groups = files["particles.star"]["particles"].texts("rlnOpticsGroup").tolist()
    assert groups == ["1", "1", "2", "2", "2", "2"]
    tomograms = files["particles_tomograms.star"]
    assert list(tomograms) == ["global", "TS_1.tomostar", "TS_3.tomostar"]
    assert tomograms["global"].texts("rlnOpticsGroupName").tolist() == ["opticsGroup1", "opticsGroup2"]


def test_nothing_left_no_files(tmp_path: Path) -> None:
    assert files_of(PROFILE, [PROFILE.part_of(make_unit(make_series(), make_particles(0)))], tmp_path) == {}


def test_premultiplication_is_flagged() -> None:
    for premultiplied in (False, True):
        options = TableOptions(premultiplied=premultiplied)
        part = PROFILE.part_of(make_unit(make_series(), make_particles(), options=options))
        assert part["optics"]["rlnCtfDataAreCtfPremultiplied"] == [str(int(premultiplied))]
