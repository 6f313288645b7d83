"""Texts that must fit into their place."""

from __future__ import annotations

ELLIPSIS = "…"


def shorten_middle(text: str, width: int) -> str:
    """The text in at most ``width`` characters, its middle left out: the end of a path tells more."""
    if len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[: max(0, width)]
    tail = (width - 1) * 2 // 3
    return text[: width - 1 - tail] + ELLIPSIS + text[len(text) - tail :]


def shorten_end(text: str, width: int) -> str:
    """The text in at most ``width`` characters, its end left out."""
    return text if len(text) <= width else text[: max(0, width - 1)] + ELLIPSIS[: max(0, width)]


def fit_left(text: str, width: int) -> str:
    """The text at the left of exactly ``width`` characters."""
    return shorten_end(text, width).ljust(width)


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` characters, broken between words where possible."""
    lines = [""]
    for word in text.split():
        while len(word) > width:
            room = width - len(lines[-1]) - bool(lines[-1])
            lines[-1] += (" " if lines[-1] else "") + word[: max(0, room)]
            word = word[max(0, room) :]
            lines.append("")
        if len(lines[-1]) + len(word) + bool(lines[-1]) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return [text for text in lines if text]
