"""What the terminal tells about itself when it is asked, before the app takes it over."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PATIENCE_S = 1.0
"""For an answer over the slowest line; one that comes later would be taken for typed text."""

_TAKES_A_PIXEL = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_SIZE_OF_A_CHARACTER = b"\x1b[16t"
_WHAT_ARE_YOU = b"\x1b[c"
"""Asked last: every terminal answers this, so that nobody has to wait for answers that do not come."""
_ANSWERS = re.compile(
    rb"\x1b_G(?P<kitty>[^\x1b]*)\x1b\\"
    rb"|\x1b\[6;(?P<height>\d+);(?P<width>\d+)t"
    rb"|\x1b\[\?(?P<attributes>[\d;]*)c"
)
_BEGUN = re.compile(rb"\x1b(_G|\[6;|\[\?)[^\x1b]*\x1b?$")
_SIXEL = "4"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a terminal told, and what was typed meanwhile."""

    kitty: bool = False
    """It takes pictures in kitty's protocol."""
    sixel: bool = False
    cell_px: tuple[int, int] = (0, 0)
    """Width and height of a character; zeros where it did not tell."""
    typed: str = ""


def ask_terminal(keyboard: int, screen: int, patience_s: float = PATIENCE_S) -> Answer:
    """Ask the terminal behind two open files; what was not understood of it is empty."""
    with _without_echo(keyboard):
        os.write(screen, _TAKES_A_PIXEL + _SIZE_OF_A_CHARACTER + _WHAT_ARE_YOU)
        received, deadline = b"", time.monotonic() + patience_s
        while not _is_last(received) and (left := deadline - time.monotonic()) > 0:
            if select.select([keyboard], [], [], left)[0]:
                arrived = os.read(keyboard, 4096)
                if not arrived:
                    break
                received += arrived
    return read_answers(received)


def read_answers(received: bytes) -> Answer:
    """Tell the terminal's answers from what was typed between them."""
    kitty, sixel, cell_px = False, False, (0, 0)
    for found in _ANSWERS.finditer(received):
        if found["kitty"] is not None:
            kitty = found["kitty"].endswith(b";OK")
        elif found["attributes"] is not None:
            sixel = _SIXEL in found["attributes"].decode().split(";")[1:]
        else:
            cell_px = (int(found["width"]), int(found["height"]))
    typed = _BEGUN.sub(b"", _ANSWERS.sub(b"", received))
    return Answer(kitty, sixel, cell_px, typed.decode("utf-8", "ignore"))


def _is_last(received: bytes) -> bool:
    return any(found["attributes"] is not None for found in _ANSWERS.finditer(received))


def current_cell_px() -> tuple[int, int] | None:
    """Width and height of a character now; ``None`` where the window's size in pixels is not known."""
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        return None
    block = fcntl.ioctl(sys.__stderr__.fileno(), termios.TIOCGWINSZ, bytes(8))
    rows, columns, width, height = struct.unpack("HHHH", block)
    return (width // columns, height // rows) if min(rows, columns, width, height) else None


@contextmanager
def _without_echo(keyboard: int) -> Iterator[None]:
    """Nothing that arrives is shown or kept back until a line is complete; nothing is thrown away."""
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
