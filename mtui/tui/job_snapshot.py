"""How a job stands at this moment, read from its folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mtui.errors import InputError, JobError
from mtui.jobs.events import read_events
from mtui.jobs.follow import LOST, state_word
from mtui.jobs.progress import Progress, Tally, add_events, compute_progress
from mtui.jobs.record import ENDED, Job, JobState, list_jobs, read_settings, read_state
from mtui.settings import ExportSettings

GLYPHS = {
    "queued": ".",
    "running": "*",
    "done": "+",
    "problems": "!",
    "failed": "x",
    "stopped": "=",
    LOST: "?",
}
"""A glyph for each state, so that none depends on colour."""


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job's settings, state and progress."""

    job: Job
    settings: ExportSettings
    state: JobState
    word: str
    """The state in a word: that of the record, or ``lost`` where the process is gone without a word."""
    progress: Progress
    tally: Tally
    offset: int
    """How far the events were read."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.word == LOST or self.state.status in ENDED

    @property
    def state_text(self) -> str:
        """Glyph and word."""
        return f"{GLYPHS.get(self.word, ' ')} {self.word}"


def read_snapshot(job: Job, before: JobSnapshot | None = None) -> JobSnapshot:
    """Read a job; of its events only what came after ``before``.

    Raises:
        JobError, InputError: the job's files are gone or damaged.
    """
    settings = before.settings if before else read_settings(job)
    now = time.time()
    state = read_state(job)
    events, offset = read_events(job.events_path, before.offset if before else 0)
    tally = add_events(before.tally if before else Tally(), events)
    word = state_word(job, state, now)
    progress = compute_progress(tally, now, is_over=word == LOST or word in ENDED)
    return JobSnapshot(job, settings, state, word, progress, tally, offset)


def read_all(population: Path, before: dict[Path, JobSnapshot]) -> dict[Path, JobSnapshot]:
    """All jobs of a population, newest first; of ended ones only the state is read; no damaged ones."""
    snapshots: dict[Path, JobSnapshot] = {}
    for job in list_jobs(population):
        known = before.get(job.folder)
        try:
            is_over = known is not None and known.ended and known.state == read_state(job)
            snapshots[job.folder] = known if known and is_over else read_snapshot(job, known)
        except (JobError, InputError):
            continue
    return snapshots


def count_running(population: Path) -> int:
    """Jobs of a population that have not ended; their events are not read."""
    return sum(_runs(job) for job in list_jobs(population))


def _runs(job: Job) -> bool:
    try:
        return state_word(job, read_state(job), time.time()) not in (*ENDED, LOST)
    except JobError:
        return False


def settings_text(settings: ExportSettings) -> str:
    """An export's settings in one line."""
    parts = [f"{settings.angpix} Å/px" if settings.angpix else "species' pixel"]
    parts.append(f"box {settings.box} px" if settings.box else "species' box")
    parts.append(settings.output_kind)
    parts += [f"first {settings.first_tilts} tilts"] if settings.first_tilts else []
    parts += ["pre-rotated"] if settings.prerotate else []
    parts += ["shifted"] if settings.shift else []
    parts += [] if settings.invert else ["not inverted"]
    return ", ".join(parts)
