"""One job: progress, settings, problems, log."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import time
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from mtui.errors import InputError, JobError
from mtui.jobs.record import Job
from mtui.jobs.wording import plural
from mtui.settings import to_argv
from mtui.tui.attending import attend
from mtui.tui.job_snapshot import JobSnapshot, read_snapshot, settings_text
from mtui.tui.screens.average import AverageWanted
from mtui.tui.screens.copied import copy_text
from mtui.tui.screens.job_actions import JobActionScreen
from mtui.tui.text import shorten_middle
from mtui.tui.widgets.lines import Lines, Tone, line
from mtui.tui.widgets.log_panel import LogPanel
from mtui.tui.widgets.log_view import read_tail
from mtui.tui.widgets.panel import set_title
from mtui.tui.widgets.progress import progress_lines
from mtui.tui.widgets.rows import Row, RowList

POLL_S = 2.0
BYTES_PER_S = 450
"""What watching a busy job may send over a slow line."""
FRAME_BYTES, LOG_LINE_BYTES = 300, 65
"""What new numbers cost, and each line of the log, all of which move when one is added."""


class JobScreen(JobActionScreen):
    """Watches a job; the job does not need it."""

    TITLE = "Job"
    HELP = (
        "The job runs without this window. Problems are listed while it runs: a tilt series that cannot be "
        "used is skipped, the others go on. x stops after the unit in work, x again at once; finished files "
        "stay complete. r goes on with what is not finished, and tries series that failed again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "average", "View average", id="job.average"),
        Binding("l", "pager", "Log in pager", id="job.pager"),
        Binding("slash", "search", "Search", key_display="/", id="job.search"),
        Binding("p", "copy_log", "Copy log path", id="job.copy-log"),
        Binding("y", "copy_command", "Copy command", id="job.copy-command"),
        Binding("q", "back", "Back", show=False, id="job.back"),
    ]

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._snapshot: JobSnapshot | None = None
        self._rests_until = 0.0

    def compose_body(self) -> Iterable[Widget]:
        """Progress, settings, problems, log."""
        for name, title in (("progress", "Progress"), ("settings", "Settings")):
            with Vertical(id=f"{name}-panel", classes="section") as section:
                section.border_title = title
                yield Lines(id=name)
        with Vertical(id="problems-panel", classes="section"):
            yield RowList(empty="none", opens=False, id="problems")
        yield LogPanel(id="log-panel", classes="section last")

    def on_mount(self) -> None:
        """Look now and then; only what changed is drawn."""
        self.query_one(LogPanel).view.focus()
        self.poll(POLL_S, self._look)

    def show_title(self) -> None:
        """Number, species, state."""
        state = self._snapshot.state_text if self._snapshot else ""
        species = self._snapshot.settings.species if self._snapshot else ""
        self.set_title(f"mtui  Jobs > {self._job.number} export {species}", state)

    def _look(self) -> None:
        # An ended job too: somebody may go on with it.
        now = time.monotonic()
        if now < self._rests_until:
            return
        rows = self.query_one(LogPanel).view.size.height
        self._rests_until = now + (FRAME_BYTES + LOG_LINE_BYTES * rows) / BYTES_PER_S - POLL_S / 2
        attend(self, self._read, "poll")

    async def _read(self) -> None:
        try:
            self._snapshot = await asyncio.to_thread(read_snapshot, self._job, self._snapshot)
        except (JobError, InputError) as error:
            self.remark(str(error), "error")
            return
        texts = await asyncio.to_thread(read_tail, self._job.log_path)
        self.query_one(LogPanel).show(f"Log   {shorten_middle(str(self._job.log_path), 60)}", texts)
        self._draw(self._snapshot)

    def _draw(self, snapshot: JobSnapshot) -> None:
        progress = self.query_one("#progress", Lines)
        progress.set_lines(progress_lines(snapshot.progress, progress.size.width))
        settings = self.query_one("#settings", Lines)
        output = shorten_middle(str(snapshot.settings.output), settings.size.width - 3)
        settings.set_lines([line(settings_text(snapshot.settings)), line(f"to {output}")])
        problems = snapshot.progress.problems
        set_title(self.query_one("#problems-panel"), f"Problems ({len(problems)})")
        rows = [
            Row(str(index), line(f"! {event.series}  {event.text}", "error"))
            for index, event in enumerate(problems)
        ]
        self.query_one("#problems", RowList).set_rows(rows)
        self.show_title()
        words, tone = remark_of(snapshot)
        if words:
            self.remark(words, tone)

    @property
    def chosen(self) -> JobSnapshot | None:
        """This job."""
        return self._snapshot

    def forget(self, job: Job) -> None:
        """Read everything again."""
        self._snapshot = None
        self._rests_until = 0.0
        self._look()

    def action_search(self) -> None:
        """Show only the log's lines with some text."""
        self.query_one(LogPanel).begin_search()

    @on(LogPanel.Searched)
    def _searched(self, event: LogPanel.Searched) -> None:
        self.remark(plural(event.count, "line") if event.text else "")

    async def action_copy_log(self) -> None:
        """Copy the path of the log."""
        await copy_text(self, "Log", str(self._job.log_path))

    def action_average(self) -> None:
        """Show the mean of the volumes that are written."""
        self.post_message(AverageWanted(self._job))

    def action_pager(self) -> None:
        """Open the log in the user's pager."""
        with self.app.suspend():
            subprocess.run(
                [*shlex.split(os.environ.get("PAGER", "less")), str(self._job.log_path)], check=False
            )

    async def action_copy_command(self) -> None:
        """Copy the command that does the same job."""
        if self._snapshot is not None:
            await copy_text(self, "Command", shlex.join(["mtui", *to_argv(self._snapshot.settings)]))


def remark_of(snapshot: JobSnapshot) -> tuple[str, Tone]:
    """What is to be said of how a job stands; nothing where it just runs."""
    if snapshot.word == "lost":
        return "The job's process is gone without a word. Its log may say why; r goes on with it.", "error"
    if snapshot.ended:
        words = f"{snapshot.word}: {snapshot.state.message} {snapshot.state.hint}".strip()
        return words, "error" if snapshot.word == "failed" else "plain"
    if snapshot.job.stop_path.exists():
        return "stopping after the unit in work; x again stops now.", "plain"
    return "", "plain"
