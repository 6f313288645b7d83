"""Counts, sizes and paths in words, the same in the terminal app and on the command line."""

from __future__ import annotations

from pathlib import Path


def plural(count: int, noun: str, plural_noun: str = "") -> str:
    """``1 particle``, ``12,408 particles``, ``2 series``."""
    return f"{count:,} {noun if count == 1 else plural_noun or noun + 's'}"


def byte_text(count: int) -> str:
    """A number of bytes in decimal units, with three digits: ``164 GB``."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.4g} TB"


def middle_shortened(path: Path, width: int = 60) -> str:
    """A path that fits into ``width`` characters, shortened in the middle, where it says least."""
    text = str(path)
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"
