"""Finished units of a job: one line of JSON each, so that a job can go on where it was interrupted.

A line is written when all files of the unit are complete on disk. It holds the unit's rows of the tables,
so they can be written at the end without reading any metadata again, whatever finished first.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtui.formats.files import CHUNK_BYTES
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
    files: dict[str, list[int]]
    """Images that were written, each with its `fingerprint`; with a series' last unit the average too."""
    outside: int = 0
    """Particles that some of the tilts used do not show, or not as a whole."""
    dropped: int = 0
    """Particles that are left out, because too few tilts show them."""


def append_unit(path: Path, record: UnitRecord) -> tuple[int, int]:
    """Append a record, and return its place as `append_line` does; raises WriteError.

    It survives the process at once, and a failure of power after `flush_file`; without a record its unit is
    done again, which is no more than a loss of time.
    """
    return append_line(path, encode_unit(record))


def encode_unit(record: UnitRecord) -> str:
    """A record as one line of JSON."""
    # Not `asdict`, which copies every cell of the tables.
    return json.dumps({item.name: getattr(record, item.name) for item in dataclasses.fields(record)})


def read_units(path: Path) -> dict[int, UnitRecord]:
    """The finished units by number; lines that a crash cut off are passed over."""
    if not path.exists():
        return {}
    records: dict[int, UnitRecord] = {}
    for line in path.read_bytes().splitlines():
        record = decode_unit(line)
        if record is not None:
            records[record.number] = record
    return records


def decode_unit(line: bytes | str) -> UnitRecord | None:
    """The record that :func:`encode_unit` wrote; None for a line that was cut off."""
    try:
        return UnitRecord(**json.loads(line))
    except (ValueError, TypeError):
        return None


def fingerprint(path: Path, chunks: Sequence[bytes | memoryview]) -> list[int]:
    """Size in bytes, time of the last change in ns, and CRC-32 of a file of ``chunks``; raises OSError."""
    size = sum(memoryview(chunk).nbytes for chunk in chunks)
    return [size, path.stat().st_mtime_ns, _checksum(chunks)]


def is_complete(record: UnitRecord) -> bool:
    """Whether all images of a finished unit are still there as they were written."""
    return all(_is_same(Path(name), *known) for name, known in record.files.items())


def _is_same(path: Path, size: int, changed_ns: int, checksum: int) -> bool:
    """Whether a file is the one that was written; it is read only where its time has changed."""
    try:
        status = path.stat()
        if status.st_size != size:
            return False
        return status.st_mtime_ns == changed_ns or _checksum(_read(path)) == checksum
    except OSError:
        return False


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _checksum(chunks: Iterable[bytes | memoryview]) -> int:
    checksum = 0
    for chunk in chunks:
        checksum = zlib.crc32(chunk, checksum)
    return checksum
