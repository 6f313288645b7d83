"""What this terminal can do, and the settings that must be made before Textual is imported."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Colours = Literal["none", "16", "256", "true"]
Protocol = Literal["kitty", "sixel"]
"""How a terminal is given pictures: kitty's graphics protocol, or DEC's sixels."""

MINIMUM_COLUMNS = 80
MINIMUM_ROWS = 24

_SSH_VARIABLES = ("SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION")
_REMOTE_DEFAULTS = {
    # Textual repaints regions, so frames are bytes; a split escape sequence is typed text after ESCDELAY.
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_FPS": "5",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "ESCDELAY": "500",
}
_TERMS_OF_256_COLOURS = ("alacritty", "foot", "xterm-ghostty", "wezterm")


@dataclass(frozen=True, slots=True)
class Graphics:
    """How the terminal is given pictures of pixels."""

    protocol: Protocol
    cell_px: tuple[int, int] = (0, 0)
    """Width and height of a character, as the terminal told; zeros where it did not."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the terminal on the other end can show."""

    over_ssh: bool
    """The session is remote: few bytes, no mouse unless asked for."""
    colours: Colours
    """How many colours; ``none`` where ``NO_COLOR`` is set."""
    ascii_only: bool
    """Only 7-bit characters arrive unharmed."""
    graphics: Graphics | None = None
    """Pictures of pixels, where the terminal shows them; else they are made of characters."""

    @property
    def plain(self) -> bool:
        """Whether the theme must do with the terminal's own colours: none or 16 of them."""
        return self.colours in ("none", "16")


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Set what Textual reads at import, unless the user did: calm over SSH, 256 colours where they exist.

    An exported size of the window would win over the real one, and a change of it would go unnoticed.
    """
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    if is_remote(environ):
        for name, value in _REMOTE_DEFAULTS.items():
            environ.setdefault(name, value)
    if environ.get("TERM", "") in _TERMS_OF_256_COLOURS and not environ.get("COLORTERM"):
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")


def is_remote(environ: Mapping[str, str]) -> bool:
    """Whether this session came over SSH or mosh."""
    return any(environ.get(name) for name in _SSH_VARIABLES)


def detect_terminal(environ: Mapping[str, str], *, ascii_only: bool = False) -> Terminal:
    """What the terminal described by the environment can show; ``ascii_only`` asks for 7-bit characters."""
    is_console = environ.get("TERM", "") == "linux"
    return Terminal(
        over_ssh=is_remote(environ),
        colours=_count_colours(environ),
        ascii_only=ascii_only or is_console or not is_utf8(environ),
    )


def _count_colours(environ: Mapping[str, str]) -> Colours:
    """The rule by which Textual (through Rich) chooses its colour system."""
    if "NO_COLOR" in environ:
        return "none"
    forced = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if forced != "auto":
        known: dict[str, Colours] = {"standard": "16", "256": "256", "truecolor": "true"}
        return known.get(forced, "16")
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "true"
    is_256 = environ.get("TERM", "").strip().lower().rpartition("-")[2] in ("256color", "kitty")
    return "256" if is_256 else "16"


def is_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale's encoding is UTF-8, by the variables that decide it, first one set wins."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(name):
            return "utf8" in value.lower().replace("-", "")
    return False


def original_locale(environ: Mapping[str, str], process: Path = Path("/proc/self/environ")) -> dict[str, str]:
    """The environment with the locale as it was when the process began.

    Python turns a plain C locale into ``LC_CTYPE=C.UTF-8`` at start (PEP 538), which hides that the terminal
    is not UTF-8; on Linux the kernel still knows the variables as they were.
    """
    merged = dict(environ)
    try:
        block = process.read_bytes()
    except OSError:
        return merged
    before = dict(entry.partition("=")[::2] for entry in block.decode("utf-8", "replace").split("\0"))
    if merged.get("LC_CTYPE") == "C.UTF-8" and before.get("LC_CTYPE") != "C.UTF-8":
        merged["LC_CTYPE"] = before.get("LC_CTYPE", "")
    return merged


def refusal(environ: Mapping[str, str], *, is_terminal: bool) -> str | None:
    """Why the app cannot run here, in one sentence with the way out; ``None`` if it can."""
    way_out = "Use the commands instead: mtui --help"
    if not is_terminal:
        return f"The app needs a terminal for input and output, and this is not one. {way_out}"
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return (
            f"The app needs a terminal that can move the cursor, and TERM is {term or 'not set'!r}. {way_out}"
        )
    return None


def size_problem(columns: int, rows: int) -> str | None:
    """Why a window is too small, in one sentence with the way out; ``None`` if it is not."""
    if columns >= MINIMUM_COLUMNS and rows >= MINIMUM_ROWS:
        return None
    return (
        f"mtui needs {MINIMUM_COLUMNS}x{MINIMUM_ROWS}, this window is {columns}x{rows}. "
        "Enlarge it, or use the commands: mtui --help"
    )
