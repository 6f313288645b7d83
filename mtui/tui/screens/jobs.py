"""The jobs of a population."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from mtui.jobs.heartbeat import host_name
from mtui.jobs.progress import duration_text
from mtui.jobs.record import Job
from mtui.settings import to_argv
from mtui.tui.attending import attend
from mtui.tui.job_snapshot import JobSnapshot, read_all, settings_text
from mtui.tui.screens.copied import copy_text
from mtui.tui.screens.job import JobScreen
from mtui.tui.screens.job_actions import JobActionScreen
from mtui.tui.text import fit_left, shorten_middle
from mtui.tui.widgets.lines import Line, Lines, line
from mtui.tui.widgets.panel import set_title
from mtui.tui.widgets.progress import bar_text
from mtui.tui.widgets.rows import Row, RowList

POLL_S = 1.0
HEADER = f"  {'#':>4}  {'Species':<13}{'Export':<15}{'State':<11}{'Done':>14}{'Rate':>9}{'Left':>8}"


class JobsScreen(JobActionScreen):
    """List, and the job under the cursor."""

    TITLE = "Jobs"
    HELP = (
        "Jobs run without this window: they go on when you quit or lose the connection. enter opens one, x "
        "stops it after the unit in work, r goes on with it, d forgets its record, never what it exported."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_command", "Copy command", id="jobs.copy-command"),
        Binding("q", "back", "Back", show=False, id="jobs.back"),
    ]

    def __init__(self, population: Path) -> None:
        super().__init__()
        self._population = population
        self._snapshots: dict[Path, JobSnapshot] = {}

    def compose_body(self) -> Iterable[Widget]:
        """List above, details below."""
        with Vertical(id="panel"):
            yield Lines([line(HEADER, "quiet")], id="header")
            yield RowList(empty="reading...", id="list")
        with Vertical(id="about"):
            yield Lines(id="details")

    def on_mount(self) -> None:
        """Look once a second; only what changed is drawn."""
        self.remark("Jobs keep running when you quit or lose the connection.")
        self.poll(POLL_S, self._look)

    def show_title(self) -> None:
        """Where I am, on which machine."""
        self.set_title(f"mtui  Jobs of {self._population.name}", f"host {host_name()}")

    def _look(self) -> None:
        attend(self, self._read, "poll")

    async def _read(self) -> None:
        self._snapshots = await asyncio.to_thread(read_all, self._population, self._snapshots)
        set_title(self.query_one("#panel"), f"Jobs ({len(self._snapshots)})")
        empty = "No jobs yet. Export sub-tomograms from a species."
        rows = [job_row(snapshot) for snapshot in self._snapshots.values()]
        self.query_one(RowList).set_rows(rows, empty)
        self.show_title()
        self._draw_details()

    @property
    def _current(self) -> JobSnapshot | None:
        key = self.query_one(RowList).key
        return self._snapshots.get(Path(key)) if key else None

    @property
    def chosen(self) -> JobSnapshot | None:
        """The job under the cursor."""
        return self._current

    def forget(self, job: Job) -> None:
        """Read it again from the start."""
        self._snapshots.pop(job.folder, None)
        self._look()

    def deleted(self, job: Job) -> None:
        """Show the list without it."""
        self.forget(job)

    @on(RowList.Moved)
    def _draw_details(self) -> None:
        current = self._current
        lines = self.query_one("#details", Lines)
        lines.set_lines(job_lines(current, lines.size.width) if current else [])

    @on(RowList.Chosen)
    def _open(self) -> None:
        if self._current is not None:
            self.app.push_screen(JobScreen(self._current.job))

    async def action_copy_command(self) -> None:
        """Copy the command that does the same job."""
        if self._current is not None:
            await copy_text(self, "Command", shlex.join(["mtui", *to_argv(self._current.settings)]))


def job_row(snapshot: JobSnapshot) -> Row:
    """Number, species, what, state, how far."""
    progress, settings = snapshot.progress, snapshot.settings
    what = f"{settings.output_kind} {settings.angpix} Å" if settings.angpix else settings.output_kind
    done = f"{progress.done_series}/{progress.total_series} {progress.fraction:>4.0%}"
    left = duration_text(progress.left_s) if progress.left_s is not None else ""
    if " h " in left:
        left = left.removesuffix(" min")
    rate = f"{progress.series_per_min:.3g}/min" if progress.series_per_min else ""
    text = (
        f"{snapshot.job.number:>4}  {fit_left(settings.species, 12)} {fit_left(what, 14)} "
        f"{snapshot.state_text:<11}{done:>14}{rate:>9}{left:>8}"
    )
    return Row(
        str(snapshot.job.folder), line(text, "error" if snapshot.word in ("failed", "lost") else "plain")
    )


def job_lines(snapshot: JobSnapshot, width: int) -> list[Line]:
    """Bar, where it runs, where it writes, what happened last, problems."""
    progress, state = snapshot.progress, snapshot.state
    bar = f"{bar_text(progress.fraction)} {progress.fraction:>4.0%}   "
    lines = [
        line(f"{snapshot.job.number} {snapshot.settings.species}", "strong"),
        line(f"{bar}{progress.done_series}/{progress.total_series} series"),
        line(f"{_start_text(snapshot)}by {state.user} on {state.host}   runs without this window"),
        line(settings_text(snapshot.settings)),
        line(f"to {shorten_middle(str(snapshot.settings.output), width - 3)}"),
        line(state.message or progress.last),
    ]
    problems = progress.problems
    if problems:
        others = f" ({len(problems) - 1} others)" if len(problems) > 1 else ""
        lines.append(line(f"! {problems[0].series} {problems[0].text}{others}", "error"))
    return lines


def _start_text(snapshot: JobSnapshot) -> str:
    """When the run that is shown began."""
    begun = snapshot.tally.started_at
    return f"started {time.strftime('%d %b %H:%M', time.localtime(begun))} " if begun is not None else ""
