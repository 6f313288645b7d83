"""How the app was started: what its screens need to know about it."""

from __future__ import annotations

from dataclasses import dataclass

from mtui.tui.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Launch:
    """The terminal and what the user asked for on the command line."""

    terminal: Terminal
    readonly: bool = False
    """Look only: nothing that writes can be started."""
