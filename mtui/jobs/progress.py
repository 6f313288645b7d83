"""From a job's events to what people want to know: how much is done, how fast, how long still."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mtui.jobs.activity import IDLE, Activities, Activity
from mtui.jobs.events import Event, read_events

RECENT_UNITS = 20
"""Units that the estimate of the time left looks back on."""
UNITS_BEFORE_ESTIMATE = 3
"""Before this many units the time left is not shown: the first one contains compilation."""
LONG_S = 600.0
"""With more than this left, people want to know at what o'clock it ends."""
DECAY = 0.9
"""Weight of a unit relative to the one after it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Running sums over the events seen so far."""

    started_at: float | None = None
    ended_at: float | None = None
    last_at: float | None = None
    """Time of the last event."""
    total_particles: int = 0
    total_series: int = 0
    total_units: int = 0
    done_particles: int = 0
    lost_particles: int = 0
    done_units: int = 0
    finished_series: int = 0
    current: str = ""
    """The series that is worked on."""
    last: str = ""
    """The last thing that happened, in words."""
    problems: tuple[Event, ...] = ()
    warnings: tuple[str, ...] = ()
    recent: tuple[tuple[float, int], ...] = ()
    """Time of completion and particles of the last units."""
    activities: Activities = IDLE


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    done_particles: int
    total_particles: int
    done_series: int
    total_series: int
    done_units: int
    total_units: int
    current: str
    last: str
    elapsed_s: float
    particles_per_min: float | None
    left_s: float | None
    """Seconds still to go, rounded; ``None`` while it cannot be said."""
    ends_at: float | None
    """When it will end, seconds since 1970; ``None`` while it cannot be said."""
    problems: tuple[Event, ...]
    warnings: tuple[str, ...]
    devices: tuple[Activity, ...] = ()

    @property
    def series_per_min(self) -> float | None:
        """The rate in series of average size."""
        if self.particles_per_min is None or not self.total_particles:
            return None
        return self.particles_per_min * self.total_series / self.total_particles

    @property
    def fraction(self) -> float:
        """Part of the work that is done, 0 to 1; particles of skipped series count as done."""
        lost = sum(problem.particles for problem in self.problems)
        return min(1.0, (self.done_particles + lost) / self.total_particles) if self.total_particles else 0.0


def add_events(tally: Tally, events: Iterable[Event]) -> Tally:
    """The tally after some more events."""
    for event in events:
        activities = tally.activities.after(event)
        tally = replace(_add(tally, event), activities=activities, last_at=event.time)
    return tally


def _add(tally: Tally, event: Event) -> Tally:
    if event.kind == "started":
        return replace(
            Tally(),
            started_at=event.time,
            total_particles=event.particles,
            total_series=event.series_count,
            total_units=event.unit_count,
        )
    if event.kind == "series":
        return replace(tally, current=event.series, last=f"{event.series} started")
    if event.kind == "unit":
        return replace(
            tally,
            done_units=tally.done_units + 1,
            done_particles=tally.done_particles + event.particles,
            finished_series=tally.finished_series + event.series_count,
            recent=(*tally.recent, (event.time, event.particles))[-RECENT_UNITS - 1 :],
            last=_unit_text(event),
        )
    if event.kind == "kept":
        return replace(
            tally,
            done_units=tally.done_units + 1,
            done_particles=tally.done_particles + event.particles,
            finished_series=tally.finished_series + event.series_count,
            last=f"{event.series} {event.particles} particles were there",
        )
    if event.kind == "problem":
        return replace(
            tally,
            problems=(*tally.problems, event),
            lost_particles=tally.lost_particles + event.particles,
            finished_series=tally.finished_series + event.series_count,
            last=f"{event.series} skipped",
        )
    if event.kind == "warning":
        return replace(tally, warnings=(*tally.warnings, event.text))
    if event.kind == "writing":
        return replace(tally, current="", last=event.text)
    return replace(tally, ended_at=event.time, current="", last=event.text.partition(":")[0])


def _unit_text(event: Event) -> str:
    device = f" on {event.device}" if event.device else ""
    return f"{event.series} {event.particles} particles, {event.seconds:.1f} s{device}"


def compute_progress(tally: Tally, now: float, *, is_over: bool = False) -> Progress:
    """Progress at a time (seconds since 1970); ``is_over`` if it is known that nothing more will happen.

    The rate is the mean over the last units, weighted to the recent ones; the first unit, which holds the
    compilation, only starts the clock. The time left follows from the rate and the particles that remain; it
    appears after three units and is rounded (:func:`rounded_seconds`).
    """
    ended_at = tally.ended_at
    if ended_at is None and is_over:
        # Killed, so the last thing that it did is the last that is known.
        ended_at = tally.last_at
    end = ended_at if ended_at is not None else now
    seconds_each = _seconds_per_particle(tally.recent)
    remaining = tally.total_particles - tally.done_particles - tally.lost_particles
    known = seconds_each is not None and tally.done_units >= UNITS_BEFORE_ESTIMATE and ended_at is None
    left_s = rounded_seconds(remaining * seconds_each) if known and seconds_each is not None else None
    return Progress(
        done_particles=tally.done_particles,
        total_particles=tally.total_particles,
        done_series=tally.finished_series,
        total_series=tally.total_series,
        done_units=tally.done_units,
        total_units=tally.total_units,
        current=tally.current if ended_at is None else "",
        last=tally.last,
        elapsed_s=max(0.0, end - tally.started_at) if tally.started_at is not None else 0.0,
        particles_per_min=60 / seconds_each if seconds_each else None,
        left_s=left_s,
        ends_at=None if left_s is None else now + left_s,
        problems=tally.problems,
        warnings=tally.warnings,
        devices=tally.activities.devices if ended_at is None else (),
    )


def _seconds_per_particle(recent: tuple[tuple[float, int], ...]) -> float | None:
    """Weighted mean of the time per particle between the ends of successive units."""
    pairs = list(itertools.pairwise(recent))
    weights = [DECAY ** (len(pairs) - 1 - index) for index in range(len(pairs))]
    particles = sum(weight * later[1] for weight, (_, later) in zip(weights, pairs, strict=True))
    seconds = sum(
        weight * max(0.0, later[0] - earlier[0])
        for weight, (earlier, later) in zip(weights, pairs, strict=True)
    )
    return seconds / particles if particles else None


def read_progress(events_path: Path, now: float, *, is_over: bool = False) -> Progress:
    """Progress of the job that writes these events; see `compute_progress`."""
    return compute_progress(add_events(Tally(), read_events(events_path)[0]), now, is_over=is_over)


def rounded_seconds(seconds: float) -> float:
    """A time left that does not jump by the second: full ten seconds, from two minutes on full minutes."""
    step = 10.0 if seconds < 120 else 60.0
    return max(step, round(seconds / step) * step)


def duration_text(seconds: float) -> str:
    """``50 s``, ``31 min``, ``2 h 05 min``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def progress_text(progress: Progress) -> str:
    """Progress in one line."""
    if not progress.total_particles:
        return progress.last or "starting"
    parts = [
        f"{progress.fraction:4.0%}  {progress.done_particles:,}/{progress.total_particles:,} particles",
        f"{progress.done_series}/{progress.total_series} series",
    ]
    if progress.particles_per_min:
        parts.append(f"{progress.particles_per_min:.3g}/min")
    parts.append(f"{duration_text(progress.elapsed_s)} elapsed")
    if progress.left_s is not None:
        parts.append(f"about {duration_text(progress.left_s)} left")
    if progress.ends_at is not None and progress.left_s is not None and progress.left_s >= LONG_S:
        parts.append(f"ends about {time.strftime('%H:%M', time.localtime(progress.ends_at))}")
    if progress.problems:
        parts.append(f"{len(progress.problems)} skipped")
    return "  ".join([*parts, progress.current])
