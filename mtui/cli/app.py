"""Opening the terminal app from the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mtui.errors import InputError


def open_app(
    population: Path | None, *, mouse: bool | None = None, ascii_only: bool = False, readonly: bool = False
) -> int:
    """Run the terminal app and return its exit code; ``mouse`` is None for what suits the connection.

    Raises:
        InputError: this is not a terminal that the app can use.
    """
    from mtui.tui.terminal import refusal

    reason = refusal(os.environ, is_terminal=sys.stdin.isatty() and sys.stdout.isatty())
    if reason:
        raise InputError(reason)
    from mtui.tui.run import run_app

    return run_app(population, mouse=mouse, ascii_only=ascii_only, readonly=readonly)
