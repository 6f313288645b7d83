"""The terminals on which the app is tried: a sample by default, all of them with ``-m full``."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

TERMS = ("xterm-256color", "screen-256color", "tmux-256color", "linux")
LOCALES = ("C.UTF-8", "C")
SAMPLE = (("xterm-256color", "C.UTF-8"), ("linux", "C"))

Look = Mapping[str, str]


def looks() -> list[object]:
    """Environments by terminal and locale."""
    matrix = [(term, locale) for term in TERMS for locale in LOCALES]
    return [
        pytest.param(
            {"TERM": term, "LANG": locale},
            id=f"{term}-{locale}",
            marks=() if (term, locale) in SAMPLE else pytest.mark.full,
        )
        for term, locale in matrix
    ]


def is_ascii(look: Look) -> bool:
    """Whether only 7-bit characters may be sent."""
    return look["TERM"] == "linux" or look["LANG"] == "C"


def environment(**more: str) -> dict[str, str]:
    """A plain terminal on this machine, UTF-8 unless told otherwise."""
    names = ("PATH", "HOME", "TMPDIR", "XDG_STATE_HOME")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "ESCDELAY": "500", **more}
