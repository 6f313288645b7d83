"""``mtui rebase``: repair the paths of an exported set after a move."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtui.cli import output
from mtui.cli.command import Command, add_json
from mtui.errors import ExitCode


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "star", metavar="STAR", type=Path, help="The particle table of an export, or its optimisation set."
    )
    parser.add_argument(
        "--to",
        metavar="DIR",
        type=Path,
        required=True,
        help="Folder that the paths shall start from: where RELION is started, or the STAR file's own.",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="DIR",
        type=Path,
        help="Folder that the paths started from until now. Default: whichever leads to the images.",
    )
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    from mtui.profiles.rebase import rebase_set

    done = rebase_set(arguments.star, arguments.to, arguments.start)
    if arguments.json:
        output.write_json(
            {"base": str(done.base), "paths": done.paths, "files": [str(path) for path in done.files]}
        )
    else:
        names = ", ".join(path.name for path in done.files)
        output.write_line(f"{done.paths:,} paths now start from {done.base}: {names}")
    return ExitCode.COMPLETE


COMMAND = Command("rebase", "Repair the paths of an exported set after a move.", _configure, _run)
