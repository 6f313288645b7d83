"""Finished units of a job: one line of JSON each, so that a job can go on where it was interrupted.

A line is written when all files of the unit are complete on disk. It holds the unit's rows of the tables,
so they can be written at the end without reading any metadata again, whatever finished first.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from mtui.jobs.append import append_line
from mtui.profiles.profile import Part


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One finished unit."""

    number: int
    series_hash: str
    start: int
    """First particle, counted within the series."""
    stop: int
    tables: Part
    """The unit's rows of each table of the export's profile."""
    files: dict[str, int]
    """Images that were written, with their sizes in bytes."""
    outside: int = 0
    """Particles that some of the tilts used do not show, or not as a whole."""
    dropped: int = 0
    """Particles that are left out, because too few tilts show them."""


def append_unit(path: Path, record: UnitRecord) -> None:
    """Append a record and wait until it is on disk; raises WriteError."""
    append_line(path, json.dumps(dataclasses.asdict(record)), flush=True)


def read_units(path: Path) -> dict[int, UnitRecord]:
    """The finished units by number; lines that a crash cut off are passed over."""
    if not path.exists():
        return {}
    records: dict[int, UnitRecord] = {}
    for line in path.read_bytes().splitlines():
        try:
            record = UnitRecord(**json.loads(line))
        except (ValueError, TypeError):
            continue
        records[record.number] = record
    return records


def is_complete(record: UnitRecord) -> bool:
    """Whether all images of a finished unit are still there with the size they were written with."""
    return all(_size(Path(name)) == size for name, size in record.files.items())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
