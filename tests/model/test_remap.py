"""Paths that moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtui.errors import InputError
from mtui.model.remap import Remap, data_folders


def test_the_first_leading_folder_counts() -> None:
    remap = Remap.parse(["/old/data=/new", "/old=/other", "D:\\data=/windows"])
    assert remap.apply("/old/data/a/b.xml") == Path("/new/a/b.xml")
    assert remap.apply("/old/data") == Path("/new")
    assert remap.apply("/old/database/x") == Path("/other/database/x"), "whole names only"
    assert remap.apply("D:\\data\\x") == Path("/windows/x")
    assert remap.apply("relative/x") is None
    assert Remap().apply("/old") is None


@pytest.mark.parametrize("text", ["/old", "=/new", "/old=", ""])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="not of the form OLD=NEW"):
        Remap.parse([text])


def test_an_empty_directory_is_the_file_s_own(tmp_path: Path) -> None:
    assert data_folders("", tmp_path, Remap()) == (tmp_path,)


def test_a_directory_that_exists_is_taken(tmp_path: Path) -> None:
    (tmp_path / "tomostar").mkdir()
    (tmp_path / "xml").mkdir()
    home = tmp_path / "xml"
    assert data_folders(str(tmp_path / "tomostar"), home, Remap()) == (tmp_path / "tomostar",)
    assert data_folders("../tomostar", home, Remap()) == (tmp_path / "tomostar",)
    remap = Remap(((str(tmp_path), "/new"),))
    assert data_folders(str(tmp_path / "tomostar"), home, remap)[0] == Path("/new/tomostar")


def test_a_directory_that_is_gone_is_looked_for_by_its_last_parts(tmp_path: Path) -> None:
    home = tmp_path / "warp_tiltseries"
    (tmp_path / "tomostar").mkdir()
    home.mkdir()
    found = data_folders("/gone/project/tomostar", home, Remap())
    assert found == (tmp_path / "tomostar", home, Path("/gone/project/tomostar"))
    assert data_folders("C:\\gone\\tomostar", home, Remap())[0] == tmp_path / "tomostar"
