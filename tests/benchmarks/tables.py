"""Tables in Markdown, as they stand in the README."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence


def print_header(columns: Sequence[str]) -> None:
    """First two lines of a table; numbers are aligned to the right."""
    print("| " + " | ".join(columns) + " |")
    print("|" + "|".join("---:" for _ in columns) + "|", flush=True)


def print_row(cells: Iterable[object]) -> None:
    """A line; numbers get three significant digits."""
    texts = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in cells)
    print("| " + " | ".join(texts) + " |", flush=True)


def load_note() -> str:
    """How busy the machine was: processors that this process may use, and the load of the last minute."""
    return f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}"
