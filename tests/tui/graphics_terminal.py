"""A pseudo-terminal that shows pictures of pixels, in kitty's protocol or as sixels."""

from __future__ import annotations

import fcntl
import re
import struct
import termios
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import pyte
import pytest

from tests.tui.pseudo_terminal import PseudoTerminal
from tests.tui.test_pty import environment

NEEDS_EXTRA = pytest.mark.skipif(
    find_spec("textual_image") is None, reason="the extra graphics is not installed"
)
CELL_PX = (10, 20)
PLACEHOLDER = "\U0010eeee"
PIXELS = "\ue000"
"""Stands in the cells that a sixel covers, until something is written there."""
KITTY = {"TERM": "xterm-kitty"}
FOOT = {"TERM": "foot"}
KITTY_ANSWERS = {b"a=q": b"\x1b_Gi=31;OK\x1b\\", b"\x1b[c": b"\x1b[?62;c"}
FOOT_ANSWERS = {b"\x1b[16t": b"\x1b[6;20;10t", b"\x1b[c": b"\x1b[?62;4;22c"}
TRANSMISSIONS = re.compile(rb"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\")
SIXELS = re.compile(rb"\x1bP[\d;]*q\"1;1;(\d+);(\d+)[^\x1b]*\x1b\\")
_STRINGS = re.compile(rb"\x1b[_P][^\x1b]*\x1b\\")
_BEGUN = re.compile(rb"\x1b(?:[_P][^\x1b]*\x1b?)?$")


class Stream(pyte.ByteStream):
    """Takes the strings in which pictures come, which the emulator does not know, whole or in parts."""

    begun = b""

    def feed(self, data: bytes) -> None:  # type: ignore[override]
        data, at = self.begun + data, 0
        for string in _STRINGS.finditer(data):
            super().feed(data[at : string.start()])
            at = string.end()
            if sixel := SIXELS.fullmatch(string[0]):
                self.cover(int(sixel[1]), int(sixel[2]))
        found = _BEGUN.search(data, at)
        end = found.start() if found else len(data)
        self.begun = data[end:]
        super().feed(data[at:end])

    def cover(self, width_px: int, height_px: int) -> None:
        """Cover the cells from the cursor on."""
        screen = self.listener
        assert screen is not None
        for row in range(screen.cursor.y, screen.cursor.y + -(-height_px // CELL_PX[1])):
            for column in range(screen.cursor.x, screen.cursor.x + -(-width_px // CELL_PX[0])):
                screen.buffer[row][column] = screen.cursor.attrs._replace(data=PIXELS)


class GraphicsTerminal(PseudoTerminal):
    """A terminal that takes pictures and answers what it is asked; ``typed`` arrives before the answers."""

    def __init__(
        self, population: Path, answers: Mapping[bytes, bytes], look: Mapping[str, str], typed: bytes = b""
    ) -> None:
        super().__init__(["-m", "mtui", str(population)], environment(**look))
        self._stream = Stream(self.screen)
        self._answers, self._typed = dict(answers), typed

    def __enter__(self) -> Self:
        return self

    def resize(self, columns: int, rows: int) -> None:
        """A window whose size in pixels is known."""
        size = (rows, columns, columns * CELL_PX[0], rows * CELL_PX[1])
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", *size))
        self.screen.resize(rows, columns)

    def read(self, seconds: float) -> bytes:
        """Answer, too."""
        data = super().read(seconds)
        for question in [question for question in self._answers if question in self.received]:
            self.send(self._typed + self._answers.pop(question))
            self._typed = b""
        return data

    @property
    def picture_cells(self) -> int:
        """In how many cells a picture is seen."""
        cells = (cell.data for row in self.screen.buffer.values() for cell in row.values())
        return sum(data.startswith((PLACEHOLDER, PIXELS)) for data in cells)
