"""Whether the terminal shows pictures of pixels: what its environment promises, then what it says itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec

from mtui.tui.asking import Answer, ask_terminal, current_cell_px
from mtui.tui.terminal import Graphics, Protocol, Terminal

_BETWEEN = (
    # Programs that draw a terminal inside of the terminal: most of them swallow pictures.
    *("TMUX", "STY", "ZELLIJ", "MOSH_CONNECTION"),
    *("INSIDE_EMACS", "NVIM", "VIM_TERMINAL"),
)
_TERMS: dict[str, Protocol] = {
    # TERM is what comes along over SSH. Only terminals that place kitty's pictures by characters, in which
    # textual-image puts them; WezTerm and Konsole do not.
    "xterm-kitty": "kitty",
    "xterm-ghostty": "kitty",
    "foot": "sixel",
    "mlterm": "sixel",
    "wezterm": "sixel",
}
_PROGRAMS: dict[str, Protocol] = {"ghostty": "kitty", "WezTerm": "sixel", "iTerm.app": "sixel"}
_HIDDEN_TERMS = ("xterm-256color", "xterm-direct", "xterm")
"""Terminals that name themselves in other variables are content with these."""


def promised_protocol(environ: Mapping[str, str]) -> Protocol | None:
    """The protocol of the terminal that the environment names; ``None`` for all that may not have any.

    A terminal's own variables are inherited by whatever is started from it, so ``TERM`` comes first, and
    nothing counts where one of the programs in between says that it is there.
    """
    term = environ.get("TERM", "")
    if any(environ.get(name) for name in _BETWEEN):
        return None
    for name, protocol in _TERMS.items():
        if term == name or term.startswith(f"{name}-"):
            return protocol
    if term not in _HIDDEN_TERMS:
        return None
    if program := environ.get("TERM_PROGRAM"):
        return _PROGRAMS.get(program)
    if environ.get("KITTY_WINDOW_ID"):
        return "kitty"
    return "sixel" if environ.get("LC_TERMINAL") == "iTerm2" else None


def usable_protocol(environ: Mapping[str, str], terminal: Terminal) -> Protocol | None:
    """The promised protocol, unless the user wants plain characters or the colours do not suffice for it."""
    if terminal.ascii_only or terminal.colours == "none":
        return None
    protocol = promised_protocol(environ)
    # One of 256 colours tells kitty which picture it is.
    return None if protocol == "kitty" and terminal.colours == "16" else protocol


def find_graphics(environ: Mapping[str, str], terminal: Terminal) -> tuple[Terminal, str]:
    """The terminal with the graphics that it has, and what was typed while it was asked.

    It is asked only when the environment promises graphics and the extra that draws them is installed, and
    not by textual-image: its questions lose what is typed meanwhile, and an answer that is later than
    100 ms, as on a slow line, is left to the app as keys.
    """
    protocol = usable_protocol(environ, terminal)
    keyboard, screen = sys.__stdin__, sys.__stderr__
    if protocol is None or find_spec("textual_image") is None or keyboard is None or screen is None:
        return terminal, ""
    answer = ask_terminal(keyboard.fileno(), screen.fileno())
    graphics = Graphics(protocol, answer.cell_px) if _keeps_promise(protocol, answer) else None
    return replace(terminal, graphics=graphics), answer.typed


def _keeps_promise(protocol: Protocol, answer: Answer) -> bool:
    """Whether a terminal can show pictures; sixels only where it is known how many fill a character."""
    if protocol == "kitty":
        return answer.kitty
    return answer.sixel and (current_cell_px() is not None or min(answer.cell_px) > 0)
