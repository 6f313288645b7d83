"""A good set passes, and each way of spoiling one is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mtui.errors import InputError
from mtui.formats.mrc import read_volume, write_mrc
from mtui.profiles.check import check_set
from mtui.profiles.check_report import CheckReport
from mtui.profiles.registry import PROFILES
from tests.profiles.disk import write_set


def errors(report: CheckReport) -> str:
    return "\n".join(f"{finding.where}: {finding.text}" for finding in report.errors)


@pytest.mark.parametrize("name", PROFILES)
def test_good_sets_pass(tmp_path: Path, name: str) -> None:
    report = check_set(write_set(tmp_path, name), deep=True)
    assert report.profile == name
    assert report.findings == ()
    assert report.base == tmp_path
    images = {"relion3": 12, "relion31": 12, "coordinates": 0}.get(name, 6)
    assert report.files_opened == images


def test_raw_stacks_pass(tmp_path: Path) -> None:
    report = check_set(write_set(tmp_path, "raw", stacked=True, rule="full"))
    assert report.profile == "raw"
    assert report.findings == ()
    assert report.files_opened == 6


def test_a_sample_of_the_images_is_enough_if_asked_for(tmp_path: Path) -> None:
    assert check_set(write_set(tmp_path, "relion31"), sample=4).files_opened == 4


def test_an_optimisation_set_stands_for_its_particles(tmp_path: Path) -> None:
    write_set(tmp_path, "relion5")
    report = check_set(tmp_path / "particles_optimisation_set.star")
    assert report.star == tmp_path / "particles.star"
    assert report.findings == ()


def test_paths_may_start_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    star = write_set(tmp_path / "a" / "b", "relion5", base=tmp_path)
    assert check_set(star).base == tmp_path
    elsewhere = tmp_path / "deeply" / "elsewhere"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    star = write_set(tmp_path / "c", "warp-series", base=elsewhere)
    assert check_set(star).base == elsewhere


def test_a_wrong_base_is_said_to_be_wrong(tmp_path: Path) -> None:
    star = write_set(tmp_path / "a", "relion31")
    assert "12 of 12 images do not exist from here" in errors(check_set(star, tmp_path))


def edit(star: Path, old: str, new: str, count: int = -1) -> None:
    text = star.read_text()
    assert old in text
    star.write_text(text.replace(old, new, count))


@pytest.mark.parametrize(
    "name, old, new, complaint",
    [
        ("relion31", "_rlnCtfImage", "_rlnCtfImages", "there is no table of images"),
        ("relion31", "1  opticsGroup1", "2  opticsGroup1", "groups must be numbered 1 to 1"),
        ("relion5", "TS_1_apo/2", "TS_1_apo/1", "rlnTomoParticleName, rows 1, 2: the same value"),
        ("relion5", "[1,1,1,1,1]", "[0,0,0,0,0]", "no tilt is visible"),
        ("relion5", "[1,1,1,1,1]", "[1,1,1,1]", "another number of entries"),
        ("relion5", "[1,1,1,1,1]", "[1,1,1,1,2]", "zeros and ones"),
        ("relion5", "300.000", "200.000", "200 in the optics table but 300"),
        ("relion5", "TS_1.tomostar", "TS_9.tomostar", "not in the tomograms' table"),
        ("relion5", "2DStacks  1", "2DStacks  0", "else images count as volumes"),
        ("relion5", "  2  1.00000", "  3  1.00000", "it is 2 for stacks of images"),
        ("relion5", " particleseries/TS_2", " 1@particleseries/TS_2", "has no slice number"),
        ("relion5", "  24 ", "  32 ", "the tables say 32 x 32 x 5"),
        ("warp-series", "002@", "003@", "slices must be NNN@stack"),
        ("warp-series", "TS_1_apo_0000002\n", "TS_1_apo_0000000\n", "rows of a group must stand together"),
        ("coordinates", "_rlnAngleTilt", "_rlnAngleTilted", "rlnAngleTilt"),
        ("raw", "TS_1_apo/2", "TS_1_apo/9", "no row in the table of images"),
    ],
)
def test_spoilt_tables_are_found(tmp_path: Path, name: str, old: str, new: str, complaint: str) -> None:
    star = write_set(tmp_path, name)
    edit(star, old, new, 1 if old.startswith(("[", "_", "TS_1_apo/", "  24")) else -1)
    found = errors(check_set(star))
    assert complaint in found


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("1.0  opticsGroup1", "0.0  opticsGroup1", "the hand is +1 or -1"),
        ("[0,0,0,1]", "[0,0,0,1]", ""),
        ("data_TS_2.tomostar", "data_TS_3.tomostar", "the blocks that follow"),
        ("_rlnTomoSizeX", "_rlnTomoSizes", "the columns rlnTomoSizeX are missing"),
    ],
)
def test_spoilt_tomograms_are_found(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    star = write_set(tmp_path, "relion5")
    edit(tmp_path / "particles_tomograms.star", old, new)
    assert complaint in errors(check_set(star))


def test_a_matrix_that_is_no_rotation_is_found(tmp_path: Path) -> None:
    star = write_set(tmp_path, "relion5")
    tomograms = tmp_path / "particles_tomograms.star"
    cell = next(
        word for word in tomograms.read_text().split() if word.startswith("[0.") or word.startswith("[-0.")
    )
    edit(tomograms, cell, "[0.5,0.5,0.5,0]", 1)
    assert "the projection matrix is not a rotation" in errors(check_set(star))


def remove_dummy(folder: Path) -> None:
    (folder / "dummy_tiltseries.mrc").unlink()


def remove_tomograms(folder: Path) -> None:
    (folder / "particles_tomograms.star").unlink()


def remove_members(folder: Path) -> None:
    (folder / "particles_optimisation_set.star").unlink()


def remove_stack(folder: Path) -> None:
    next(folder.rglob("*.mrcs")).unlink()


def truncate_stack(folder: Path) -> None:
    stack = next(folder.rglob("*.mrcs"))
    stack.write_bytes(stack.read_bytes()[:-10])


def shorten_stack(folder: Path) -> None:
    stack = next(folder.rglob("*.mrcs"))
    write_mrc(stack, read_volume(stack)[:3], 8.0)


def rescale_stack(folder: Path) -> None:
    stack = next(folder.rglob("*.mrcs"))
    write_mrc(stack, read_volume(stack), 1.6)


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (remove_dummy, "RELION opens this file"),
        (remove_tomograms, "there is no tomogram table"),
        (remove_members, "there is no optimisation set"),
        (remove_stack, "1 of 6 images do not exist"),
        (truncate_stack, "truncated"),
        (shorten_stack, "it has 24 x 24 x 3 px"),
        (rescale_stack, "its pixel size is 1.60000"),
    ],
)
def test_files_that_are_gone_or_wrong(tmp_path: Path, spoil: Callable[[Path], None], complaint: str) -> None:
    star = write_set(tmp_path, "relion5")
    spoil(tmp_path)
    assert complaint in errors(check_set(star))


@pytest.mark.parametrize("value, complaint", [(np.nan, "not finite"), (0.0, "all its values are the same")])
def test_bad_data_is_found_by_looking_deep(tmp_path: Path, value: float, complaint: str) -> None:
    star = write_set(tmp_path, "relion31")
    volume = next(tmp_path.rglob("*_8.00A.mrc"))
    write_mrc(volume, np.full_like(read_volume(volume), value), 8.0)
    assert check_set(star).errors == ()
    assert complaint in errors(check_set(star, deep=True))


def test_stacks_of_full_depth_are_only_surprising(tmp_path: Path) -> None:
    star = write_set(tmp_path, "relion5", rule="full")
    text = star.read_text()
    star.write_text(text.replace("[1,1,1,1,1]", "[1,1,1,1,0]"))
    report = check_set(star)
    assert report.errors == ()
    assert "tomoDRGN reads them so" in report.warnings[0].text


def test_angles_turned_into_degrees_twice_are_found(tmp_path: Path) -> None:
    star = write_set(tmp_path, "coordinates")
    lines = star.read_text().splitlines()
    words = lines[-1].split()
    star.write_text("\n".join([*lines[:-1], lines[-1].replace(words[9], "4321.00000", 1)]) + "\n")
    assert "above 360 degrees" in errors(check_set(star))


def test_stale_centred_coordinates_are_found(tmp_path: Path) -> None:
    star = write_set(tmp_path, "coordinates")
    lines = star.read_text().splitlines()
    words = lines[-1].split()
    star.write_text("\n".join([*lines[:-1], lines[-1].replace(words[6], "-999.00000", 1)]) + "\n")
    assert "RELION 5 takes the centred ones" in errors(check_set(star))


def test_other_star_files_are_refused(tmp_path: Path) -> None:
    star = tmp_path / "other.star"
    star.write_text("data_\n\nloop_\n_wrpCoordinateX1 #1\n  1.0\n")
    with pytest.raises(InputError, match="is not a set that mtui exports"):
        check_set(star)
