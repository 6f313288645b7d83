"""The app on a pseudo-terminal: what arrives there as bytes, and what a terminal makes of it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_WAIT_S = float(os.environ.get("MTUI_TEST_WAIT_S", "120"))
DETAILS_S = 1.0
LATE_DETAILS = (
    "import sys\n"
    "from mtui.tui.screens import species_panel\n"
    f"species_panel.SETTLE_S += {DETAILS_S}\n"
    "from mtui.cli.main import main\n"
    "sys.exit(main())\n"
)
"""mtui, where a species' details follow so late that a busy machine cannot take them for a key's answer."""
MAIN_SCREEN = b"\x1b[?1049l"

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "ctrl+o": "\x0f",
    "ctrl+s": "\x13",
    "ctrl+q": "\x11",
    "ctrl+u": "\x15",
    "ctrl+y": "\x19",
    "ctrl+z": "\x1a",
}


class Screen(pyte.Screen):
    """A screen that passes over what pyte does not know: private modes with a greater-than sign."""

    def report_device_status(self, mode: int, **kwargs: bool) -> None:
        """Nobody answers."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        """Faint text (2, ended by 22), which pyte does not know, is kept as italics: mtui has none."""
        if private:
            return
        codes = {2: (3,), 22: (22, 23)}
        colours = min((attrs.index(code) for code in (38, 48) if code in attrs), default=len(attrs))
        before = (part for code in attrs[:colours] for part in codes.get(code, (code,)))
        super().select_graphic_rendition(*before, *attrs[colours:])


class PseudoTerminal:
    """A child process on a pseudo-terminal and the screen that its bytes draw."""

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self.received = b""
        self.screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            os.chdir(REPOSITORY)
            os.execve(sys.executable, [sys.executable, *words], dict(environment))
        self.resize(columns, rows)
        self.exit_code: int | None = None

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._file)

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size."""
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def press(self, *keys: str) -> None:
        """Send keys by name or as they are."""
        for key in keys:
            self.send(KEYS.get(key, key).encode())

    def send(self, data: bytes) -> None:
        """Send bytes."""
        os.write(self._file, data)

    def read(self, seconds: float) -> bytes:
        """What arrives within some time at most; returns at once when something does."""
        ready, _, _ = select.select([self._file], [], [], seconds)
        try:
            data = os.read(self._file, 1 << 16) if ready else b""
        except OSError:
            data = b""
        self.received += data
        self._stream.feed(data.replace(b"\x1b[>", b"\x1b[?").replace(b"\x1b[<", b"\x1b[?"))
        return data

    def quiet(self, seconds: float) -> int:
        """Read until nothing arrives for some time; the number of bytes that came before."""
        count = 0
        while data := self.read(seconds):
            count += len(data)
        return count

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Read until something holds."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("waited in vain; the screen shows:\n" + self.text)
            self.read(0.05)

    def wait_for_text(self, *texts: str) -> None:
        """Read until all texts are on the screen."""
        self.wait_for(lambda: all(text in self.text for text in texts))

    def wait_for_end(self) -> int:
        """Read until the process ends; its exit code, negative for a signal."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        while self.exit_code is None:
            if time.monotonic() > deadline:
                raise AssertionError("the process does not end; the screen shows:\n" + self.text)
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        self.quiet(0.1)
        return self.exit_code

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return "\n".join(row.rstrip() for row in self.screen.display)

    @property
    def echoes(self) -> bool:
        """Whether the terminal echoes what is typed, as it must for a shell."""
        return bool(termios.tcgetattr(self._file)[3] & termios.ECHO)
