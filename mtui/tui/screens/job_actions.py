"""What can be done with a job, the same in the list and in the job's own screen: stop, resume, delete."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from mtui.errors import MtuiError
from mtui.jobs.progress import Progress, duration_text
from mtui.jobs.record import Job
from mtui.jobs.start import resume_job
from mtui.jobs.stopping import stop_job
from mtui.tui.attending import attend
from mtui.tui.job_snapshot import JobSnapshot
from mtui.tui.launch import Launch
from mtui.tui.screens.confirm import ConfirmScreen
from mtui.tui.screens.frame import FrameScreen


class JobActionScreen(FrameScreen[None]):
    """A screen with a job to act on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="job.stop"),
        Binding("r", "resume", "Resume", id="job.resume"),
        Binding("d", "delete", "Delete", id="job.delete"),
    ]

    @property
    def chosen(self) -> JobSnapshot | None:
        """The job to act on."""
        return None

    def forget(self, job: Job) -> None:
        """The job has changed as a whole: what is known of it is read again."""

    def deleted(self, job: Job) -> None:
        """The job is no more, and nothing of it can be shown."""
        self.dismiss()

    def action_stop(self) -> None:
        """Ask whether to stop; a second time, stop at once."""
        chosen = self._changeable()
        if chosen is None:
            return
        if chosen.ended:
            self.remark(f"Job {chosen.job.number} is not running.")
        elif chosen.job.stop_path.exists():
            self._stop(chosen.job)
        else:
            question = ConfirmScreen(
                f"Stop job {chosen.job.number}?", stop_lines(chosen), yes="Stop", no="Keep running"
            )
            self.app.push_screen(question, lambda stop: self._stop(chosen.job) if stop else None)

    def action_resume(self) -> None:
        """Go on with a job that does not run."""
        chosen = self._changeable()
        if chosen is None:
            return
        if not chosen.ended:
            self.remark(f"Job {chosen.job.number} is running.")
            return
        self.remark(f"Job {chosen.job.number} is being resumed...")
        attend(self, partial(self._resume, chosen.job), "resume")

    def action_delete(self) -> None:
        """Ask whether to forget a job."""
        chosen = self._changeable()
        if chosen is None:
            return
        if not chosen.ended:
            self.remark(f"Job {chosen.job.number} is running: stop it first, with x.")
            return
        lines = ("Its record and log go. What it exported stays where it is.", str(chosen.settings.output))
        question = ConfirmScreen(f"Delete job {chosen.job.number}?", lines, yes="Delete", no="Keep")
        self.app.push_screen(question, lambda yes: self._delete(chosen.job) if yes else None)

    def _changeable(self) -> JobSnapshot | None:
        launch = getattr(self.app, "launch", None)
        if isinstance(launch, Launch) and launch.readonly:
            self.remark("mtui was started with --readonly.")
            return None
        return self.chosen

    def _stop(self, job: Job) -> None:
        try:
            how = stop_job(job)
        except MtuiError as error:
            self.say(str(error), "error")
            return
        self.say(f"Job {job.number} ends {how}." if how else f"Job {job.number} is not running.")

    async def _resume(self, job: Job) -> None:
        try:
            await asyncio.to_thread(resume_job, job)
        except MtuiError as error:
            self.say(str(error), "error")
            return
        self.forget(job)
        self.say(f"Job {job.number} goes on; what is finished is kept.")

    def _delete(self, job: Job) -> None:
        # What it needs to tidy up after a killed job is not loaded before anything is on the screen.
        from mtui.jobs.deleting import delete_job

        try:
            delete_job(job)
        except MtuiError as error:
            self.say(str(error), "error")
            return
        self.say(f"Job {job.number} is forgotten. What it exported stays where it is.")
        self.deleted(job)


def stop_lines(snapshot: JobSnapshot) -> tuple[str, ...]:
    """What stopping means."""
    done = snapshot.progress
    return (
        f"{done.done_series:,} of {done.total_series:,} tilt series are finished and stay on disk.",
        f"The particles being worked on now are finished first{_unit_text(done)}.",
        f"Continue later with r, or: mtui jobs resume {snapshot.job.number}",
    )


def _unit_text(progress: Progress) -> str:
    """How long a unit of average size takes, at most."""
    if not progress.particles_per_min or not progress.total_units:
        return ""
    seconds = 60 * progress.total_particles / progress.total_units / progress.particles_per_min
    return f", about {duration_text(max(1.0, seconds))}"
