"""How a job's process speaks: events for programs, the log for people."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mtui.jobs.events import Event, append_event
from mtui.jobs.record import Job

if TYPE_CHECKING:
    from mtui.jobs.results import UnitDone


class Stopped(Exception):  # noqa: N818 - it is a wish, not an error
    """Somebody asked the job to stop."""


class StopRequest(Protocol):
    """Whether somebody asked the job to stop: `mtui.jobs.stopping.StopWish`, or a flag of `threading`."""

    def is_set(self) -> bool:
        """Asked before each unit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an export went."""

    particles: int
    """Rows of the table."""
    skipped: int
    """Series that were left out."""
    text: str


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports for one job."""

    job: Job

    def say(self, event: Event) -> None:
        """Append an event, and a line to the log."""
        append_event(self.job.events_path, event)
        count = f"{event.particles} particles" if event.particles else ""
        seconds = f"{event.seconds:.1f} s" if event.seconds else ""
        # What is written is told in the text's own words.
        kind = "" if event.kind == "writing" else event.kind
        words = (kind, event.series, count, seconds, event.device, event.text)
        # On a full disk the log may fail; whether the job goes on is for the images and records to say.
        with contextlib.suppress(OSError):
            print(time.strftime("%H:%M:%S"), *filter(None, words), flush=True)

    def started(self, particles: int, series: int, units: int) -> None:
        """The job begins and has this much to do."""
        self.say(Event("started", time.time(), particles=particles, series_count=series, unit_count=units))

    def series_begun(self, series: str, units: int) -> None:
        """Work on a series of so many units begins."""
        self.say(Event("series", time.time(), series, unit_count=units))

    def unit_done(self, done: UnitDone, *, last: bool) -> None:
        """A unit's files are complete; ``last`` is true for the last of its series."""
        record = done.record
        self.say(
            Event(
                "unit",
                time.time(),
                done.series.ref.root,
                record.number,
                record.stop - record.start,
                done.seconds,
                series_count=int(last),
                device=done.device,
                memory_mb=done.memory_mb,
            )
        )

    def unit_kept(self, series: str, unit: int, particles: int, *, last: bool) -> None:
        """A unit that an earlier run finished is complete."""
        self.say(Event("kept", time.time(), series, unit, particles, series_count=int(last)))

    def series_skipped(self, series: str, particles: int, reason: str) -> None:
        """A series is left out."""
        self.say(Event("problem", time.time(), series, particles=particles, series_count=1, text=reason))

    def warning(self, text: str) -> None:
        """Something that the user should know."""
        self.say(Event("warning", time.time(), text=text))

    def writing(self, text: str) -> None:
        """The last step."""
        self.say(Event("writing", time.time(), text=text))
