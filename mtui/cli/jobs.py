"""``mtui jobs``: look at the jobs of a population, follow them, stop them, go on with them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.command import Command, add_json
from mtui.cli.flags import add_options
from mtui.cli.following import Manner, add_manner, after_start, follow_job
from mtui.cli.here import find_population
from mtui.errors import ExitCode, InputError
from mtui.settings import ExportSettings, check
from mtui.settings.export import WORKER_OPTIONS

if TYPE_CHECKING:
    from mtui.jobs.record import Job

ACTIONS = {
    "list": "all jobs, the newest first (the default)",
    "follow": "progress until the job ends",
    "log": "what the job wrote into its log",
    "stop": "end it after the unit in hand; finished files stay",
    "resume": "go on where it was stopped, killed or failed, also with other workers",
    "delete": "forget it; exported files stay",
}


def _configure(parser: argparse.ArgumentParser) -> None:
    words = "; ".join(f"{name}: {text}" for name, text in ACTIONS.items())
    parser.add_argument("action", metavar="ACTION", nargs="?", default="list", help=f"{words}.")
    parser.add_argument(
        "number", metavar="N", nargs="?", type=int, help="Number of the job. Default: the newest."
    )
    parser.add_argument(
        "--population",
        metavar="PATH",
        type=Path,
        help="The population. Default: the one in the current folder, or in a folder above it.",
    )
    parser.add_argument("--now", action="store_true", help="With stop: end it at once.")
    add_options(parser, ExportSettings, WORKER_OPTIONS)
    add_manner(parser)
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.action not in ACTIONS:
        raise InputError(
            f"mtui jobs has no action {arguments.action}; there are: {', '.join(ACTIONS)}.",
            "See: mtui jobs --help",
        )
    population = _population(arguments.population)
    if arguments.action == "list":
        return _list(population, as_json=arguments.json)
    from mtui.jobs.record import find_job

    job = find_job(population, arguments.number)
    actions: dict[str, Callable[[Job, argparse.Namespace], int]] = {
        "follow": _follow,
        "log": _log,
        "stop": _stop,
        "resume": _resume,
        "delete": _delete,
    }
    return actions[arguments.action](job, arguments)


def _population(named: Path | None) -> Path:
    if named is None:
        return find_population(Path.cwd())
    if named.is_dir():
        return find_population(named)
    if not named.is_file():
        raise InputError(f"{named} does not exist.", "Name a .population file.")
    return named


def _list(population: Path, as_json: bool) -> int:
    from mtui.errors import JobError
    from mtui.jobs.record import list_jobs

    rows: list[dict[str, output.Json]] = []
    for job in list_jobs(population):
        try:
            rows.append(_describe(job))
        except (JobError, InputError) as error:
            output.write_note(f"Warning: job {job.number} cannot be read: {error}")
    if as_json:
        output.write_json({"population": str(population), "jobs": rows})
        return ExitCode.COMPLETE
    if not rows:
        output.write_line(f"{population} has no jobs.")
        return ExitCode.COMPLETE
    header = ("#", "Species", "Profile", "State", "Done", "Problems", "Left", "Changed", "STAR")
    columns = ("job", "species", "profile", "state", "done", "problems", "left", "changed", "star")
    output.write_table(header, [[str(row[name]) for name in columns] for row in rows], right=(0, 4, 5, 6))
    return ExitCode.COMPLETE


def _describe(job: Job) -> dict[str, output.Json]:
    from mtui.jobs.follow import state_word
    from mtui.jobs.progress import duration_text, read_progress
    from mtui.jobs.record import read_settings, read_state
    from mtui.settings.outputs import resolve_output

    now = time.time()
    settings, state = read_settings(job), read_state(job)
    word = state_word(job, state, now)
    is_over = word not in ("queued", "running")
    progress = read_progress(job.events_path, now, is_over=is_over)
    left_s = progress.left_s
    return {
        "job": job.number,
        "species": settings.species,
        "profile": resolve_output(settings.output_kind, settings.profile).profile,
        "state": word,
        "done": f"{progress.done_series}/{progress.total_series} {progress.fraction:.0%}",
        "problems": len(progress.problems),
        "particles": progress.done_particles,
        "left": "" if left_s is None else duration_text(left_s),
        "left_s": left_s,
        "particles_per_min": progress.particles_per_min,
        "elapsed_s": round(progress.elapsed_s, 1),
        "changed": time.strftime("%Y-%m-%d %H:%M", time.localtime(state.changed)),
        "user": state.user,
        "host": state.host,
        "message": state.message,
        "star": str(settings.output),
        "folder": str(job.folder),
    }


def _follow(job: Job, arguments: argparse.Namespace) -> int:
    return follow_job(job, as_json=arguments.json)


def _log(job: Job, arguments: argparse.Namespace) -> int:
    if arguments.json:
        output.write_json({"job": job.number, "log": str(job.log_path)})
        return ExitCode.COMPLETE
    if not job.log_path.is_file():
        raise InputError(f"Job {job.number} has written no log yet.", f"Its folder is {job.folder}")
    with job.log_path.open(encoding="utf-8", errors="replace") as log:
        for text in log:
            output.write_line(text.rstrip("\n"))
    return ExitCode.COMPLETE


def _stop(job: Job, arguments: argparse.Namespace) -> int:
    from mtui.jobs.stopping import stop_job

    how = stop_job(job, now=arguments.now)
    text = f"Job {job.number} ends {how}." if how else f"Job {job.number} does not run."
    if arguments.json:
        output.write_json({"job": job.number, "ran": bool(how), "ends": how})
    else:
        output.write_line(text)
    return ExitCode.COMPLETE


def _resume(job: Job, arguments: argparse.Namespace) -> int:
    from mtui.jobs.start import resume_job

    started = resume_job(job, tell=output.write_note, workers=_other_workers(job, arguments))
    return after_start(started, Manner(arguments.detach, arguments.json))


def _other_workers(job: Job, arguments: argparse.Namespace) -> ExportSettings | None:
    """The job's settings with the workers that the command line names; None where it names none."""
    from mtui.jobs.record import read_settings

    named = {name: getattr(arguments, name) for name in WORKER_OPTIONS if hasattr(arguments, name)}
    if not named:
        return None
    settings = replace(read_settings(job), **{**dict.fromkeys(WORKER_OPTIONS), **named})
    check(settings)
    return settings


def _delete(job: Job, arguments: argparse.Namespace) -> int:
    from mtui.jobs.deleting import delete_job

    delete_job(job)
    if arguments.json:
        output.write_json({"job": job.number, "deleted": True})
    else:
        output.write_line(f"Job {job.number} is forgotten. What it exported stays where it is.")
    return ExitCode.COMPLETE


COMMAND = Command("jobs", "List, follow, stop and resume the jobs of a population.", _configure, _run)
