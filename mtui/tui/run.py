"""From the user's choices and the terminal to a running app, and from its end to an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from textual.worker import WorkerFailed

from mtui.errors import ExitCode
from mtui.tui.app import MtuiApp
from mtui.tui.bindings import binding_ids
from mtui.tui.config import check_keys, config_path, load_config
from mtui.tui.graphics import find_graphics
from mtui.tui.launch import Launch
from mtui.tui.terminal import detect_terminal, original_locale, refusal


def run_app(
    population: Path | None, *, mouse: bool | None = None, ascii_only: bool = False, readonly: bool = False
) -> int:
    """Run the app on a population, or on none, and give the exit code.

    ``mouse`` is None for the default: on, but off over SSH, where its reports are a stream of bytes that can
    end up as text in a field. The user's choices are read from a file.

    Raises:
        InputError: the file of the user's choices is wrong.
        Exception: a fault in the app, after the terminal was restored.
    """
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    if sentence := refusal(os.environ, is_terminal=is_terminal):
        print(f"mtui: {sentence}", file=sys.stderr)
        return ExitCode.REFUSED
    config = load_config(config_path())
    check_keys(config.keys, binding_ids(), config_path())
    terminal = detect_terminal(original_locale(os.environ), ascii_only=ascii_only or config.ascii)
    terminal, typed = find_graphics(os.environ, terminal)
    app = MtuiApp(population, Launch(terminal, readonly, config, typed))
    chosen = config.mouse if mouse is None else mouse
    result = app.run(mouse=not terminal.over_ssh if chosen is None else chosen)
    fault = app._exception
    if fault is not None:
        raise fault.error if isinstance(fault, WorkerFailed) else fault
    return app.return_code or result or ExitCode.COMPLETE
