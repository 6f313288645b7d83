"""``mtui reset``: give back a terminal that a lost connection left in the app's modes."""

from __future__ import annotations

import argparse
import sys

from mtui.cli.command import Command
from mtui.errors import ExitCode

SEQUENCES = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse reports off
    "\x1b[?2004l"  # bracketed paste off
    "\x1b[<u"  # the terminal's own keyboard protocol
    "\x1b[?1049l"  # main screen
    "\x1b[?7h"  # line wrap on
    "\x1b[?25h"  # cursor visible
    "\x1b[0m"  # plain text
)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Typing stays invisible? Type blindly: stty sane, then enter."


def _run(_arguments: argparse.Namespace) -> ExitCode:
    sys.stdout.write(SEQUENCES)
    sys.stdout.flush()
    return ExitCode.COMPLETE


COMMAND = Command(
    "reset", "Print the sequences that restore a terminal after a lost connection.", _configure, _run
)
