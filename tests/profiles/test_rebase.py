"""Paths are repaired after any move."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtui.errors import InputError
from mtui.profiles.check import check_set
from mtui.profiles.rebase import rebase_set
from mtui.profiles.registry import PROFILES
from tests.profiles.disk import write_set


def is_good(star: Path, base: Path) -> bool:
    return not check_set(star, base).findings


@pytest.mark.parametrize("name", PROFILES)
def test_to_another_base_and_back(tmp_path: Path, name: str) -> None:
    star = write_set(tmp_path / "run_1.5A" / "export", name)
    before = {path: path.read_bytes() for path in star.parent.glob("*.star")}
    done = rebase_set(star, tmp_path)
    assert set(done.files) == set(before)
    assert is_good(star, tmp_path)
    if name != "coordinates":
        assert done.paths > 0
        assert "run_1.5A/export/" in star.read_text()
    rebase_set(star, star.parent)
    assert {path: path.read_bytes() for path in before} == before


def test_paths_may_lead_upwards(tmp_path: Path) -> None:
    star = write_set(tmp_path / "export", "relion5")
    project = tmp_path / "relion"
    project.mkdir()
    rebase_set(star, project)
    assert " ../export/particleseries/TS_1/" in star.read_text()
    assert is_good(star, project)


def test_tables_that_moved_without_their_images(tmp_path: Path) -> None:
    star = write_set(tmp_path / "export", "warp-series")
    moved = tmp_path / "tables" / "particles.star"
    moved.parent.mkdir()
    star.rename(moved)
    with pytest.raises(InputError, match=r"6 of 6 paths of .* lead nowhere"):
        rebase_set(moved, moved.parent)
    rebase_set(moved, moved.parent, tmp_path / "export")
    assert is_good(moved, moved.parent)


def test_a_set_that_moved_with_its_images(tmp_path: Path) -> None:
    star = write_set(tmp_path / "project" / "export", "relion5", base=tmp_path / "project")
    moved = tmp_path / "archive"
    star.parent.rename(moved)
    rebase_set(moved / star.name, moved)
    assert is_good(moved / star.name, moved)
    assert "export" not in (moved / star.name).read_text()


def test_nothing_is_written_if_a_path_leads_nowhere(tmp_path: Path) -> None:
    star = write_set(tmp_path / "export", "relion5")
    next(star.parent.rglob("*.mrcs")).unlink()
    before = {path: path.read_bytes() for path in star.parent.glob("*.star")}
    with pytest.raises(InputError, match="1 of 9 paths"):
        rebase_set(star, tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_the_target_must_be_a_folder(tmp_path: Path) -> None:
    star = write_set(tmp_path / "export", "coordinates")
    with pytest.raises(InputError, match="is not a folder"):
        rebase_set(star, star)
