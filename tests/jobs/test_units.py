"""Records of finished units survive crashes in the middle of a line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.errors import WriteError
from mtui.jobs.unit_store import UnitStore
from mtui.jobs.units import UnitRecord, append_unit, fingerprint, is_complete, read_units


def record(number: int, files: dict[str, list[int]] | None = None) -> UnitRecord:
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


def test_a_unit_is_complete_if_its_files_are_as_they_were_written(tmp_path: Path) -> None:
    image = tmp_path / "a.mrc"
    image.write_bytes(b"12345")
    known = record(0, {str(image): fingerprint(image, (b"12", b"345"))})
    assert is_complete(known)
    os.utime(image, ns=(1, 1))
    assert is_complete(known), "a new time alone means nothing"
    image.write_bytes(b"12346")
    assert not is_complete(known), "other content of the same size"
    image.write_bytes(b"1234")
    assert not is_complete(known)
    image.unlink()
    assert not is_complete(known)


def test_a_record_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"units\.jsonl could not be written"):
        append_unit(tmp_path / "missing" / "units.jsonl", record(0))


def test_a_store_reads_records_when_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "units.jsonl"
    store = UnitStore(path)
    assert (len(store), store.get(0)) == (0, None)
    for number in (0, 1):
        store.add(number, append_unit(path, record(number)))
    assert dict(store) == {0: record(0), 1: record(1)}
    with path.open("ab") as file:
        file.write(b'{"number": 7, "ser')
    found = UnitStore(path)
    again = replace(record(1), dropped=5)
    # A run of the job that was thought dead may still write.
    append_unit(path, record(0))
    found.add(1, append_unit(path, again))
    assert (found[1], found[0], 7 in found, len(found)) == (again, record(0), False, 2)
    assert dict(UnitStore(path)) == read_units(path) == dict(found)
