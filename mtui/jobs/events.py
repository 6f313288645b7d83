"""What a job reports while it runs: one line of JSON per event, appended to ``events.jsonl``.

The file only grows and its last line may still be in writing, so a reader takes complete lines only and
remembers how far it came. Everything that is shown about a job's progress is computed from these events.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtui.jobs.append import append_line

EventKind = Literal["started", "series", "unit", "kept", "problem", "warning", "writing", "ended"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    ``started``: the totals are in ``particles``, ``series_count`` and ``unit_count``. ``series``: work on a
    series of ``unit_count`` units begins. ``unit``: a slice of a series is on disk; ``kept``: it was there
    already; for the last slice of a series ``series_count`` is 1. ``problem``: the series is skipped, with
    the ``particles`` that are lost and the reason in ``text``. ``warning``: something the user should know.
    ``writing``: the table is being written. ``ended``: the state in ``text``.
    """

    kind: EventKind
    time: float
    """Seconds since 1970."""
    series: str = ""
    unit: int = -1
    particles: int = 0
    seconds: float = 0.0
    """Time that the unit took, from its first instruction to its last byte on disk."""
    series_count: int = 0
    unit_count: int = 0
    device: str = ""
    memory_mb: int = 0
    """Memory in use where the unit was computed: the device's, or the process's on a CPU."""
    text: str = ""


def append_event(path: Path, event: Event) -> None:
    """Append one event; raises WriteError."""
    defaults = {item.name: item.default for item in dataclasses.fields(Event)}
    values = {name: value for name, value in dataclasses.asdict(event).items() if value != defaults[name]}
    append_line(path, json.dumps(values))


def read_events(path: Path, offset: int = 0) -> tuple[tuple[Event, ...], int]:
    """The events after a byte offset and the offset to go on from; none if there is no file yet.

    Lines that are not events of this version (a later one may know more) are passed over.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return (), offset
    complete = data[: data.rfind(b"\n") + 1]
    events = (_parse(line) for line in complete.splitlines())
    return tuple(event for event in events if event is not None), offset + len(complete)


def _parse(line: bytes) -> Event | None:
    try:
        return Event(**json.loads(line))
    except (ValueError, TypeError):
        return None
