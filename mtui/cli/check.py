"""``mtui check``: read an exported set as its consumers would, and say what is wrong."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.command import Command, add_json
from mtui.errors import ExitCode

if TYPE_CHECKING:
    from mtui.profiles.check_report import CheckReport


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "star", metavar="STAR", type=Path, help="The particle table of an export, or its optimisation set."
    )
    parser.add_argument(
        "--deep", action="store_true", help="Read all data of the images too, not only their headers."
    )
    parser.add_argument(
        "--path-base",
        metavar="DIR",
        type=Path,
        help="Folder that the paths in the tables start from. Default: whichever leads to the images.",
    )
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    from mtui.profiles.check import check_set

    report = check_set(arguments.star, arguments.path_base, deep=arguments.deep)
    if arguments.json:
        output.write_json(_as_json(report))
    else:
        _show(report, deep=arguments.deep)
    return ExitCode.FAILED if report.errors else ExitCode.COMPLETE


def _show(report: CheckReport, *, deep: bool) -> None:
    for finding in report.findings:
        output.write_line(f"{finding.severity}: {finding.where}: {finding.text}.")
    opened = f"{report.files_opened:,} files {'read' if deep else 'opened'}"
    output.write_line(
        f"{report.star}: {report.profile}, {report.particles:,} rows, {opened} from {report.base}"
    )
    if report.profile == "relion5":
        output.write_line(f"Start RELION in {report.base}")
    verdict = (
        f"{len(report.errors)} errors, {len(report.warnings)} warnings" if report.findings else "No problems."
    )
    output.write_line(verdict)


def _as_json(report: CheckReport) -> dict[str, output.Json]:
    return {
        "star": str(report.star),
        "profile": report.profile,
        "base": str(report.base),
        "rows": report.particles,
        "files_opened": report.files_opened,
        "findings": [
            {"severity": finding.severity, "where": finding.where, "text": finding.text}
            for finding in report.findings
        ],
    }


COMMAND = Command(
    "check", "Read an exported set as its consumers would, and say what is wrong.", _configure, _run
)
