"""A job's progress as text: a bar that costs a line, not a repaint."""

from __future__ import annotations

import time

from mtui.jobs.activity import activity_text
from mtui.jobs.progress import Progress, duration_text
from mtui.tui.widgets.lines import Line, line

BAR_COLUMNS = 50


def bar_text(fraction: float, columns: int = BAR_COLUMNS) -> str:
    """``[#####-----]``; full only at the end."""
    filled = min(columns, int(fraction * columns))
    return f"[{'#' * filled}{'-' * (columns - filled)}]"


def progress_lines(progress: Progress, width: int) -> list[Line]:
    """Bar with numbers; particles and rates; times; what it does now."""
    columns = max(10, min(BAR_COLUMNS, width - 30) + max(0, width - 80) // 2)
    head = f"{bar_text(progress.fraction, columns)} {progress.fraction:>4.0%}   "
    return [
        line(f"{head}{progress.done_series:,}/{progress.total_series:,} series"),
        line("".join(_numbers(progress))),
        line(_times(progress)),
        line(_now(progress), "quiet"),
    ]


def _numbers(progress: Progress) -> list[str]:
    parts = [f"{progress.done_particles:,}/{progress.total_particles:,} particles"]
    if progress.particles_per_min:
        rate = progress.particles_per_min
        parts.append(f"     {rate:,.0f} particles/min" if rate >= 10 else f"     {rate:.1f} particles/min")
    if progress.series_per_min:
        parts.append(f", {progress.series_per_min:.3g} series/min")
    return parts


def _times(progress: Progress) -> str:
    elapsed = f"elapsed {duration_text(_calm(progress.elapsed_s))}"
    left = f"       left about {duration_text(progress.left_s)}" if progress.left_s is not None else ""
    ends = ""
    if progress.ends_at is not None:
        ends = f"       ends about {time.strftime('%H:%M', time.localtime(progress.ends_at))}"
    return elapsed + left + ends


def _calm(seconds: float) -> float:
    """Seconds below a minute, then full ten seconds, so that a line at rest stays as it is."""
    return seconds if seconds < 60 else seconds // 10 * 10


def _now(progress: Progress) -> str:
    if progress.devices:
        return "        ".join(activity_text(device) for device in progress.devices)
    return f"now {progress.current}    last {progress.last}" if progress.current else progress.last
