"""``mtui demo``: write a synthetic project and open it, or run the whole tour where there is no terminal."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.app import open_app
from mtui.cli.command import Command
from mtui.errors import ExitCode

if TYPE_CHECKING:
    from mtui.demo.project import DemoProject
    from mtui.demo.tour import TourStep

DEFAULT_FOLDER = Path("mtui-demo")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        default=DEFAULT_FOLDER,
        help=f"Where to put the project, or where an earlier one is. Default: {DEFAULT_FOLDER}",
    )
    parser.epilog = "Without a terminal it runs the tour: list, intersect, export, average."


def _run(arguments: argparse.Namespace) -> int:
    project = _prepare(arguments.folder)
    if sys.stdin.isatty() and sys.stdout.isatty():
        return open_app(project.population)
    return _tour(project)


def _prepare(folder: Path) -> DemoProject:
    """The demo in a folder, written if it is not there yet."""
    from mtui.demo.project import find_demo, write_demo

    found = find_demo(folder)
    if found is not None:
        output.write_note(f"The demo project is in {found.folder}.")
        return found
    line = output.StatusLine()
    try:
        project = write_demo(folder, on_step=lambda step: line.show(f"Writing the demo project: {step}"))
    finally:
        line.leave()
    output.write_note(f"The demo project is in {project.folder}.")
    return project


def _tour(project: DemoProject) -> int:
    """Do what a first session would do, and judge the result against the known truth."""
    from mtui.demo.tour import export_steps, first_steps, judge_export, verdict_text

    for step in first_steps(project):
        if code := _take_step(step):
            return code
    good = True
    for export in export_steps(project):
        if code := _take_step(export.step):
            return code
        verdict = judge_export(project, export.species, export.star)
        output.write_line(verdict_text(verdict))
        good = good and verdict.is_good
    output.write_line(f"\nOpen the project in a terminal: {shlex.join(['mtui', str(project.population)])}")
    return ExitCode.COMPLETE if good else ExitCode.FAILED


def _take_step(step: TourStep) -> int:
    """Show a command, run it, and return its exit code."""
    from mtui.cli.main import main

    output.write_line(f"\n{step.title}\n$ {shlex.join(['mtui', *step.argv])}")
    sys.stdout.flush()
    return main(step.argv)


COMMAND = Command(
    "demo", "Write a synthetic project with known truth and open it, or run the tour.", _configure, _run
)
