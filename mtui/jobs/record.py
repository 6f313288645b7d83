"""A job on disk: a folder that anybody who can read it can follow, from any machine that mounts it.

``<population folder>/.mtui/jobs/<N>/`` holds ``settings.json`` and ``command.sh`` (what was asked for),
``specification.json`` (the work it comes to), ``state.json``, ``heartbeat.json``, ``runs/`` (which processes
ran it), ``events.jsonl``, ``log.txt`` and ``units.jsonl`` (what is finished).
Where the population's folder is not writable, jobs live in the user's state folder.
"""

from __future__ import annotations

import dataclasses
import getpass
import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtui.errors import JobError
from mtui.formats import files
from mtui.jobs.drafts import draft_path, remove_drafts
from mtui.jobs.heartbeat import host_name
from mtui.settings import ExportSettings, from_json, to_argv, to_json

Status = Literal["queued", "running", "done", "problems", "failed", "stopped"]
ENDED: frozenset[Status] = frozenset({"done", "problems", "failed", "stopped"})


@dataclass(frozen=True, slots=True)
class Job:
    """A job's folder."""

    folder: Path

    @property
    def number(self) -> int:
        """The number people know the job by."""
        return int(self.folder.name)

    @property
    def events_path(self) -> Path:
        """What happened, one JSON object per line."""
        return self.folder / "events.jsonl"

    @property
    def log_path(self) -> Path:
        """Everything the process printed."""
        return self.folder / "log.txt"

    @property
    def heartbeat_path(self) -> Path:
        """Where and as which process the job runs."""
        return self.folder / "heartbeat.json"

    @property
    def units_path(self) -> Path:
        """Records of the finished units, one JSON object per line."""
        return self.folder / "units.jsonl"

    @property
    def stop_path(self) -> Path:
        """The file whose presence asks the job to stop, from whatever machine."""
        return self.folder / "stop"


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands; written by its creator and then only by its own process."""

    status: Status
    changed: float
    """Time of this state, seconds since 1970."""
    user: str = ""
    host: str = ""
    message: str = ""
    """Why it failed, or what was written."""
    hint: str = ""
    exit_code: int = 0
    """What the command that waits for the job returns; meaningful once the job has ended."""
    particles: int = 0
    """Rows of the table that was written."""
    left_out: int = 0
    """Particles whose tilt series is in no source."""


def jobs_folder(population: Path) -> Path:
    """Folder of a population's jobs: beside it, or in the user's state folder where it cannot be written."""
    beside = _folder_beside(population)
    return beside if files.is_writable_folder(beside) else _folder_of_user(population)


def list_jobs(population: Path) -> tuple[Job, ...]:
    """The jobs of a population in both places, newest number first."""
    jobs: list[Job] = []
    for folder in (_folder_beside(population), _folder_of_user(population)):
        jobs += (Job(path) for path in _numbered(folder) if (path / "settings.json").is_file())
    return tuple(sorted(jobs, key=lambda job: job.number, reverse=True))


def find_job(population: Path, number: int | None) -> Job:
    """A population's job by its number; the newest without one.

    Raises:
        JobError: there is no such job.
    """
    jobs = list_jobs(population)
    if not jobs:
        raise JobError(f"{population} has no jobs.", "Start one: mtui export --help")
    if number is None:
        return jobs[0]
    for job in jobs:
        if job.number == number:
            return job
    listed = ", ".join(str(job.number) for job in jobs[:10])
    raise JobError(f"{population} has no job {number}; its jobs are: {listed}.", "See: mtui jobs list")


def create_job(settings: ExportSettings, now: float) -> Job:
    """A new job folder with the next free number, complete from the first moment it can be seen.

    Raises:
        WriteError: the folder cannot be written.
    """
    parent = jobs_folder(settings.population)
    files.make_folder(parent)
    remove_drafts(parent, now)
    draft = draft_path(parent)
    files.make_folder(draft)
    try:
        write_settings(Job(draft), settings)
        write_state(Job(draft), JobState("queued", now, user_name(), host_name()))
        return Job(_claim_number(draft, parent, settings.population))
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def command_line(settings: ExportSettings) -> str:
    """The command that gives the same job, quoted for the shell."""
    return shlex.join(["mtui", *to_argv(settings)])


def write_settings(job: Job, settings: ExportSettings) -> None:
    """Write what was asked for, as settings and as a command; raises WriteError."""
    files.write_text(job.folder / "settings.json", to_json(settings))
    files.write_text(job.folder / "command.sh", f"#!/bin/sh\n{command_line(settings)}\n")


def read_settings(job: Job) -> ExportSettings:
    """The settings of a job.

    Raises:
        JobError: there is no such job, or its settings cannot be read.
    """
    return from_json(ExportSettings, _read_text(job.folder / "settings.json"))


def read_state(job: Job) -> JobState:
    """How a job stands; raises JobError where there is no such job."""
    path = job.folder / "state.json"
    try:
        return JobState(**json.loads(_read_text(path)))
    except (ValueError, TypeError) as error:
        raise JobError(
            f"{path} is not a job's state: {error}.", "Was it written by another version?"
        ) from error


def write_state(job: Job, state: JobState) -> None:
    """Replace a job's state atomically."""
    files.write_text(job.folder / "state.json", json.dumps(dataclasses.asdict(state), indent=1))


def user_name() -> str:
    """Name of the user who runs this process, or the number where the system has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def state_folder() -> Path:
    """The folder for what mtui remembers of this user."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mtui"


def _folder_beside(population: Path) -> Path:
    return files.absolute_path(population).parent / ".mtui" / "jobs"


def _folder_of_user(population: Path) -> Path:
    digest = hashlib.sha256(str(files.absolute_path(population)).encode()).hexdigest()[:8]
    return state_folder() / "jobs" / f"{population.stem}_{digest}"


def _numbered(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.isdecimal())


def _claim_number(draft: Path, parent: Path, population: Path) -> Path:
    """Rename the draft to the next number; a rename onto a folder with content fails, so one process wins.

    A number that is in use in the other place is passed over, so that it means one job.
    """
    while True:
        places = (_folder_beside(population), _folder_of_user(population))
        number = 1 + max((int(path.name) for place in places for path in _numbered(place)), default=0)
        try:
            return draft.rename(parent / str(number))
        except OSError:
            if not (parent / str(number)).exists():
                raise


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise JobError(f"{path} cannot be read: {error.strerror}.", "Give the folder of a job.") from error
