"""Where the words go: stdout is data, stderr is progress and errors."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from mtui.errors import ExitCode, MtuiError

Json = None | bool | int | float | str | Sequence["Json"] | dict[str, "Json"]

CONTROL_CHARACTERS = {code: "?" for code in (*range(32), 127, *range(128, 160)) if code not in (9, 10)}


def prepare_streams() -> None:
    """Let characters that the terminal's encoding lacks be replaced instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Text without control characters, which a file name may hold and a terminal would obey."""
    return text.translate(CONTROL_CHARACTERS)


def write_line(text: str = "") -> None:
    """One line of data on stdout."""
    print(printable(text))


def write_json(value: Json) -> None:
    """A JSON object on stdout, in ASCII, so that any name survives any terminal."""
    print(json.dumps(value, indent=1))


def write_note(text: str) -> None:
    """One line on stderr."""
    print(printable(text), file=sys.stderr)


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """A table on stdout: two blanks between columns, numbers (the columns in ``right``) to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        cells = (
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        write_line("  ".join(cells).rstrip())


def report_error(error: MtuiError, as_json: bool) -> ExitCode:
    """Show an error as one paragraph on stderr, and as an object on stdout if JSON was asked for."""
    if as_json:
        kind = type(error).__name__
        write_json({"error": {"kind": kind, "message": error.message, "hint": error.hint}})
    write_note(f"mtui: {' '.join(str(error).split())}")
    return error.exit_code


def report_fault(error: BaseException) -> ExitCode:
    """Say where the report of an unexpected exception lies; the screen is not for tracebacks."""
    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile("w", prefix="mtui-report-", suffix=".txt", delete=False) as file:
        file.write(f"{' '.join(sys.argv)}\n{sys.version}\n\n{text}")
    summary = " ".join(f"{type(error).__name__}: {error}".split())
    write_note(f"mtui: A fault in mtui itself: {summary}. The report is in {file.name}.")
    return ExitCode.FAILED


def close_broken_stdout() -> None:
    """Let the interpreter flush into nothing after the reader of stdout has gone (``mtui ... | head``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(slots=True)
class StatusLine:
    """One line on stderr that says how far the work is.

    On a terminal it is rewritten in place; in a log, where nothing can be rewritten, a line is added at most
    every ``interval_s`` seconds.
    """

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    interval_s: float = 10.0
    shown: str = ""
    shown_at: float = float("-inf")

    def show(self, text: str, now: float | None = None) -> None:
        """Show the text if it changed."""
        now = time.monotonic() if now is None else now
        text = printable(text)
        if text == self.shown:
            return
        if self.stream.isatty():
            self.stream.write(f"\r{text[: self._columns()]}\x1b[K")
        elif now - self.shown_at < self.interval_s:
            return
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()
        self.shown, self.shown_at = text, now

    def leave(self) -> None:
        """Go to the next line, so that what follows does not overwrite the last text."""
        if self.stream.isatty() and self.shown:
            self.stream.write("\n")
            self.stream.flush()
        self.shown = ""

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns - 1
        except OSError:
            return 79
