"""Atomic writes, copies and paths."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from mtui.errors import WriteError
from mtui.formats import files
from mtui.formats.mrc import write_mrc
from mtui.formats.star import StarTable, write_star
from mtui.formats.xml import parse_xml, write_xml

Fault = Callable[[BinaryIO, bytes | memoryview], None]


def full_disk(stream: BinaryIO, chunk: bytes | memoryview) -> None:
    """Write half of a chunk, then fail as a full disk does."""
    stream.write(bytes(chunk)[: len(chunk) // 2])
    stream.flush()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replaces_an_existing_file_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o640)
    files.write_text(target, "new")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(tmp_path) == ["a.txt"]


def test_follows_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real" / "a.txt"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "a.txt"
    link.symlink_to(real)
    files.write_bytes(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert names(real.parent) == ["a.txt"]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: files.write_text(path, "new text"), id="text"),
        pytest.param(lambda path: write_mrc(path, np.zeros((4, 4), np.float32), 1.0), id="mrc"),
        pytest.param(lambda path: write_star(path, [StarTable("", {"a": np.array(["1", "2"])})]), id="star"),
        pytest.param(lambda path: write_xml(path, parse_xml(b"<A><B /></A>", path, "A")), id="xml"),
    ],
)
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    target = tmp_path / "a.dat"
    target.write_text("old")
    calls: list[int] = []

    def fault(stream: BinaryIO, chunk: bytes | memoryview) -> None:
        calls.append(len(chunk))
        full_disk(stream, chunk)

    monkeypatch.setattr(files, "append_chunk", fault)
    with pytest.raises(WriteError, match=r"a\.dat could not be written: No space left") as caught:
        write(target)
    assert calls, "the fault never happened"
    assert "Free some space" in caught.value.hint
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.dat"]


def test_other_errors_pass_and_leave_no_temporary(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        _ = 1 / 0
    assert names(tmp_path) == []


def test_a_rename_that_fails_leaves_no_temporary(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(WriteError, match="could not be written"):
        files.write_text(tmp_path / "a", "text")
    assert names(tmp_path) == ["a"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"gone/a\.txt could not be written") as caught:
        files.write_text(tmp_path / "gone" / "a.txt", "text")
    assert "Create the folder" in caught.value.hint


def test_copy_names_the_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"from\.txt could not be read to copy it"):
        files.copy_file(tmp_path / "from.txt", tmp_path / "to.txt")
    (tmp_path / "from.txt").write_bytes(bytes(range(256)) * 100)
    files.copy_file(tmp_path / "from.txt", tmp_path / "to.txt")
    assert (tmp_path / "to.txt").read_bytes() == (tmp_path / "from.txt").read_bytes()


@pytest.mark.parametrize(
    ("target", "folder", "text"),
    [
        ("/data/warp_tiltseries/src.source", "/data/pop", "../warp_tiltseries/src.source"),
        # M would write spe%20cies and could not read it back.
        ("/data/my pop/spe cies/a b.species", "/data/my pop", "spe cies/a b.species"),
        ("/data/pop/x", "/data/pop", "x"),
        ("/data/pop", "/data/pop", "."),
    ],
)
def test_relative_paths_are_plain_text(target: str, folder: str, text: str) -> None:
    assert files.relative_posix(Path(target), Path(folder)) == text


@pytest.mark.parametrize(
    ("stored", "on_disk"),
    [
        ("a b/c.source", "a b/c.source"),
        ("a%20b/c.source", "a b/c.source"),
        ("a%20b/c.source", "a%20b/c.source"),
        ("a\\b\\c.source", "a/b/c.source"),
        ("x/../c.source", "c.source"),
    ],
)
def test_stored_paths_are_tried_literally_then_decoded(tmp_path: Path, stored: str, on_disk: str) -> None:
    path = tmp_path / on_disk
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert files.resolve_reference(tmp_path, stored) == path


def test_a_stored_path_that_leads_nowhere_stays_literal(tmp_path: Path) -> None:
    assert files.resolve_reference(tmp_path, "a%20b.xml") == tmp_path / "a%20b.xml"
    assert files.resolve_reference(tmp_path, "/else/where") == Path("/else/where")


def test_folders_that_do_not_exist_are_judged_by_their_parents(tmp_path: Path) -> None:
    assert files.is_writable_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    assert not files.is_writable_folder(tmp_path / "file")
    assert files.free_bytes(tmp_path / "a" / "b") > 0
    files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    with pytest.raises(WriteError, match="could not be written"):
        files.make_folder(tmp_path / "file" / "c")
