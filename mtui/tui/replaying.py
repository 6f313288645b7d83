"""What was typed before the app began to listen."""

from __future__ import annotations

from textual._xterm_parser import XTermParser
from textual.driver import Driver


def replay(driver: Driver | None, typed: str) -> None:
    """Give typed text to the app as if it arrived now."""
    if driver is not None and typed:
        for event in XTermParser().feed(typed):
            driver.process_message(event)
