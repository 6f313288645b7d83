"""Hashes, against values computed from their definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtui.formats.hashing import hash_bytes, hash_series, hash_text


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", "2jmj7l5rSw0yVb-vlWAYkK-YBwk"), (b"abc", "qZk_NkcGgWq6PiVxeFDCbJzQ2J0")],
)
def test_bytes(data: bytes, expected: str) -> None:
    assert hash_bytes(data) == expected


def test_text_is_utf16_without_mark() -> None:
    assert hash_text("ab") == hash_bytes(b"a\0b\0")


@pytest.mark.parametrize(
    ("root", "movie", "expected"),
    [
        ("TS_01", bytes(range(256)) * 4, "SLlDcHGWHTl-KkGXCQRvFsrRVr4"),
        ("TS_02", bytes(range(256)) * 4, "bzewHWTujXX3lESF0XW0WisN_Ds"),
        ("TS_01", bytes((7 * i + 3) % 256 for i in range(600_000)), "ohmGLbizXcjqYuH9IBFnuYaSN70"),
    ],
)
def test_series_hash_takes_the_name_and_half_a_mebibyte(
    tmp_path: Path, root: str, movie: bytes, expected: str
) -> None:
    path = tmp_path / "movie.tif"
    path.write_bytes(movie)
    assert hash_series(root, path) == expected


@pytest.mark.shared
def test_the_real_series_has_the_hash_in_its_source(shared: Path) -> None:
    first = shared / "data" / "empiar10499" / "tilts" / "frames" / "average" / "00254_00_-60.0.mrc"
    assert hash_series("00254", first) == "zpO1K6bH6pLK1G9S98lmYfvZudw"
