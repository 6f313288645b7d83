"""Records of finished units survive crashes in the middle of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtui.errors import WriteError
from mtui.jobs.units import UnitRecord, append_unit, is_complete, read_units


def record(number: int, files: dict[str, int] | None = None) -> UnitRecord:
    return UnitRecord(number, "hash", 0, 2, {"particles": {"rlnImageName": ["a.mrc"] * 2}}, files or {})


def test_records_come_back(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    assert read_units(path) == {}
    append_unit(path, record(0))
    append_unit(path, record(1))
    assert read_units(path) == {0: record(0), 1: record(1)}


def test_a_cut_line_is_lost_but_not_the_one_after_it(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    append_unit(path, record(0))
    append_unit(path, record(1))
    path.write_bytes(path.read_bytes()[:-30])
    append_unit(path, record(2))
    assert read_units(path) == {0: record(0), 2: record(2)}


def test_a_unit_is_complete_if_its_files_have_their_size(tmp_path: Path) -> None:
    image = tmp_path / "a.mrc"
    image.write_bytes(b"12345")
    assert is_complete(record(0, {str(image): 5}))
    assert not is_complete(record(0, {str(image): 6}))
    assert not is_complete(record(0, {str(tmp_path / "b.mrc"): 5}))


def test_a_record_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"units\.jsonl could not be written"):
        append_unit(tmp_path / "missing" / "units.jsonl", record(0))
