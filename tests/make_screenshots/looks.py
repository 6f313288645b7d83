"""The kinds of terminal that are pictured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Rgb = tuple[int, int, int]

_XTERM = (
    ("black", (0, 0, 0)),
    ("red", (205, 0, 0)),
    ("green", (0, 205, 0)),
    ("brown", (205, 205, 0)),
    ("blue", (0, 0, 238)),
    ("magenta", (205, 0, 205)),
    ("cyan", (0, 205, 205)),
    ("white", (229, 229, 229)),
    ("brightblack", (127, 127, 127)),
    ("brightred", (255, 0, 0)),
    ("brightgreen", (0, 255, 0)),
    ("brightbrown", (255, 255, 0)),
    ("brightblue", (92, 92, 255)),
    ("brightmagenta", (255, 0, 255)),
    ("bfightmagenta", (255, 0, 255)),  # so spelled by pyte 0.8.2 for backgrounds
    ("brightcyan", (0, 255, 255)),
    ("brightwhite", (255, 255, 255)),
)
NAMED_COLOURS: Mapping[str, Rgb] = MappingProxyType(dict(_XTERM))
"""The sixteen colours of xterm, by the names pyte gives them."""


@dataclass(frozen=True, slots=True)
class Look:
    """A kind of terminal: what the app is told about it, and its own two colours."""

    suffix: str
    """What the names of its pictures end with."""
    environment: Mapping[str, str]
    foreground: Rgb
    background: Rgb


COLOUR = Look("", {"TERM": "xterm-256color", "LANG": "C.UTF-8"}, (228, 228, 228), (18, 18, 18))
SIXTEEN = Look("-16", {"TERM": "xterm", "LANG": "C.UTF-8"}, (190, 190, 190), (0, 0, 0))
ASCII = Look("-ascii", {"TERM": "linux", "LANG": "C", "NO_COLOR": "1"}, (190, 190, 190), (0, 0, 0))
LOOKS = (COLOUR, SIXTEEN, ASCII)

SIZES = ((80, 24), (120, 36))


def picture_name(screen: str, look: Look, columns: int, rows: int) -> str:
    """``export.png`` at 80x24 in colour; other sizes and looks are told in the name."""
    size = "" if (columns, rows) == SIZES[0] else f"-{columns}x{rows}"
    return f"{screen}{size}{look.suffix}.png"
