"""How the app was started: what its screens need to know about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mtui.tui.config import Config
from mtui.tui.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Launch:
    """The terminal and what the user asked for, on the command line or for good."""

    terminal: Terminal
    readonly: bool = False
    """Look only: nothing that writes can be started."""
    config: Config = field(default_factory=Config)
    typed: str = ""
    """What was typed before the app began to listen."""
