"""What every command of the program says about itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from mtui.settings import Settings


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its words in the help, its flags, and the function that does it."""

    name: str
    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    """Adds the command's arguments to its parser."""
    run: Callable[[argparse.Namespace], int]
    """Does the work and returns the exit code."""
    settings_class: type[Settings] | None = None
    """Where the arguments come from, for values that begin with a minus sign."""


def add_json(parser: argparse.ArgumentParser) -> None:
    """The flag that turns the result on stdout into JSON."""
    parser.add_argument("--json", action="store_true", help="Print the result, or the error, as JSON.")


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """The flag that shows what would happen without writing anything."""
    parser.add_argument("--dry-run", action="store_true", help="Say what would be done; write nothing.")
