"""The records of a job's units where they are: in the file. Memory holds their places only.

A record has the rows of 64 particles and the names of their images; the 80,000 of a large export would be
gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mtui.jobs.units import UnitRecord, decode_unit


class UnitStore(Mapping[int, UnitRecord]):
    """Finished units by number, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[int, tuple[int, int]] = {}
        self._read()

    def add(self, number: int, place: tuple[int, int]) -> None:
        """Learn where a record was appended; of a unit with several the last one counts."""
        self._places[number] = place

    def _read(self) -> None:
        if not self._path.exists():
            return
        start = 0
        with self._path.open("rb") as file:
            for line in file:
                record = decode_unit(line)
                if record is not None:
                    self._places[record.number] = (start, len(line))
                start += len(line)

    def __getitem__(self, number: int) -> UnitRecord:
        start, size = self._places[number]
        with self._path.open("rb") as file:
            file.seek(start)
            record = decode_unit(file.read(size))
        if record is None:
            raise KeyError(number)
        return record

    def __contains__(self, number: object) -> bool:
        return number in self._places

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
