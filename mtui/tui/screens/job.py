"""One job: progress, settings, problems, log."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from mtui.errors import InputError, JobError
from mtui.jobs.record import Job
from mtui.jobs.start import stop_job
from mtui.settings import to_argv
from mtui.tui.job_snapshot import JobSnapshot, read_snapshot, settings_text
from mtui.tui.screens.confirm import ConfirmScreen
from mtui.tui.screens.copied import copy_text
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.text import shorten_middle
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.log_view import LogView, read_tail
from mtui.tui.widgets.panel import set_subtitle, set_title
from mtui.tui.widgets.progress import progress_lines
from mtui.tui.widgets.rows import Row, RowList

POLL_S = 1.0
FOLLOWING = "following the end: up/down or k/j to scroll, end or G to follow again"


class JobScreen(FrameScreen[None]):
    """Watches a job; the job does not need it."""

    TITLE = "Job"
    HELP = (
        "The job runs without this window. Problems are listed while it runs: a tilt series that cannot be "
        "used is skipped, the others go on. x stops after the unit in work; finished files stay complete."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="job.stop"),
        Binding("r", "resume", "Resume", id="job.resume"),
        Binding("l", "pager", "Log in pager", id="job.pager"),
        Binding("y", "copy_command", "Copy command", id="job.copy-command"),
        Binding("q", "back", "Back", show=False, id="job.back"),
    ]

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._snapshot: JobSnapshot | None = None
        self._stopping = False

    def compose_body(self) -> Iterable[Widget]:
        """Progress, settings, problems, log."""
        for name, title in (("progress", "Progress"), ("settings", "Settings")):
            with Vertical(id=f"{name}-panel", classes="section") as section:
                section.border_title = title
                yield Lines(id=name)
        with Vertical(id="problems-panel", classes="section"):
            yield RowList(empty="none", opens=False, id="problems")
        with Vertical(id="log-panel", classes="section last"):
            yield LogView(id="log")

    def on_mount(self) -> None:
        """Look once a second; only what changed is drawn."""
        self.query_one(LogView).focus()
        self.poll(POLL_S, self._look)

    def show_title(self) -> None:
        """Number, species, state."""
        state = self._snapshot.state_text if self._snapshot else ""
        species = self._snapshot.settings.species if self._snapshot else ""
        self.set_title(f"mtui  Jobs > {self._job.number} export {species}", state)

    def _look(self) -> None:
        if self._snapshot is None or not self._snapshot.ended:
            self.run_worker(self._read(), group="poll", exclusive=True)

    async def _read(self) -> None:
        try:
            self._snapshot = await asyncio.to_thread(read_snapshot, self._job, self._snapshot)
        except (JobError, InputError) as error:
            self.remark(str(error), "error")
            return
        texts = await asyncio.to_thread(read_tail, self._job.log_path)
        self.query_one(LogView).set_texts(texts)
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
        set_title(self.query_one("#log-panel"), f"Log   {shorten_middle(str(self._job.log_path), 60)}")
        self.show_title()
        self._report(snapshot)

    def _report(self, snapshot: JobSnapshot) -> None:
        if snapshot.word == "lost":
            self.remark("The job's process is gone without a word. Its log may say why.", "error")
        elif snapshot.ended:
            words = f"{snapshot.word}: {snapshot.state.message} {snapshot.state.hint}".strip()
            self.remark(words, "error" if snapshot.word == "failed" else "plain")
        elif self._stopping:
            self.remark("stopping after the unit in work; x again stops now.")

    @on(LogView.Scrolled)
    def _scrolled(self) -> None:
        following = self.query_one(LogView).following
        set_subtitle(self.query_one("#log-panel"), "" if following else FOLLOWING)

    def action_stop(self) -> None:
        """Ask whether to stop; a second time, stop at once."""
        if self._snapshot is None or self._snapshot.ended:
            self.remark("The job is not running.")
            return
        if self._stopping:
            self._stop(True)
            return
        done = self._snapshot.progress
        lines = (
            f"{done.done_series:,} of {done.total_series:,} tilt series are finished and stay on disk.",
            "The particles being worked on now are finished first.",
        )
        question = ConfirmScreen(f"Stop job {self._job.number}?", lines, yes="Stop", no="Keep running")
        self.app.push_screen(question, self._stop)

    def _stop(self, stop: bool | None) -> None:
        if not stop:
            return
        try:
            stop_job(self._job, now=self._stopping)
        except JobError as error:
            self.say(str(error), "error")
            return
        self._stopping = True
        self.say(f"Job {self._job.number} is asked to stop.")

    def action_resume(self) -> None:
        """Not available yet."""
        self.remark("Going on with a stopped job is not available in this version.")

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
