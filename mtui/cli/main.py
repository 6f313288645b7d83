"""The ``mtui`` command: arguments, exit codes, and what happens when something goes wrong.

Only the standard library is imported at start, so that ``mtui --help`` answers at once; each command imports
what it needs when it runs.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mtui import __version__
from mtui.cli import (
    check,
    demo,
    duplicates,
    export,
    intersect,
    jobs,
    output,
    rebase,
    reset,
    species,
    versions,
)
from mtui.cli.app import open_app
from mtui.cli.command import Command
from mtui.cli.flags import guard_values
from mtui.errors import ExitCode, InputError, MtuiError

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        species.COMMAND,
        intersect.COMMAND,
        duplicates.COMMAND,
        versions.VERSIONS,
        versions.RESTORE,
        export.COMMAND,
        jobs.COMMAND,
        check.COMMAND,
        rebase.COMMAND,
        demo.COMMAND,
        reset.COMMAND,
    )
}

DESCRIPTION = "M's particle operations in the terminal. Without a command the app opens."


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like all others."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise what argparse would print."""
        raise InputError(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    output.prepare_streams()
    try:
        code = _run(words)
        sys.stdout.flush()
        return int(code)
    except MtuiError as error:
        return int(output.report_error(error, as_json="--json" in words))
    except KeyboardInterrupt:
        output.write_note("mtui: Interrupted.")
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        output.close_broken_stdout()
        return int(ExitCode.COMPLETE)
    except Exception as error:
        if os.environ.get("MTUI_DEBUG"):
            raise
        return int(output.report_fault(error))


def _run(words: list[str]) -> int:
    name = next((word for word in words if not word.startswith("-")), "")
    if name and name not in COMMANDS:
        _refuse_unknown(name)
    if not words or (name and name not in COMMANDS):
        return _open_app(words)
    arguments = parse(words)
    if not hasattr(arguments, "run"):
        return _open_app(words)
    code: int = arguments.run(arguments)
    return code


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line that names a command.

    Raises:
        InputError: anything argparse would complain about.
        SystemExit: after ``--help`` and ``--version``.
    """
    command = COMMANDS.get(words[0]) if words else None
    if command is not None and command.settings_class is not None:
        words = [words[0], *guard_values(words[1:], command.settings_class)]
    return build_parser().parse_args(words)


def build_parser() -> Parser:
    """The parser of the whole program."""
    parser = Parser(prog="mtui", description=DESCRIPTION, allow_abbrev=False)
    parser.usage = "mtui [options] [POPULATION]\n       mtui COMMAND ..."
    _add_app_options(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", prog="mtui", parser_class=Parser)
    for command in COMMANDS.values():
        subparser = commands.add_parser(
            command.name, help=command.summary, description=command.summary, allow_abbrev=False
        )
        command.configure(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _add_app_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"mtui {__version__}")
    parser.add_argument(
        "--mouse",
        action=argparse.BooleanOptionalAction,
        help="Use the mouse in the app; by default it is on, but off over SSH.",
    )
    parser.add_argument("--ascii", action="store_true", help="Show only 7-bit characters in the app.")
    parser.add_argument("--readonly", action="store_true", help="Only look: the app changes nothing.")


def _open_app(words: Sequence[str]) -> int:
    """Open the app on a population, or on what it finds in the current folder."""
    parser = Parser(prog="mtui", allow_abbrev=False)
    _add_app_options(parser)
    parser.add_argument("population", nargs="?", type=Path)
    arguments = parser.parse_args(words)
    return open_app(
        arguments.population, mouse=arguments.mouse, ascii_only=arguments.ascii, readonly=arguments.readonly
    )


def _refuse_unknown(word: str) -> None:
    if not Path(word).exists():
        close = difflib.get_close_matches(word, COMMANDS, 1)
        hint = f"Did you mean: mtui {close[0]}?" if close else "See: mtui --help"
        raise InputError(f"{word} is neither a command nor a file.", hint)
