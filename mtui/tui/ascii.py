"""Only 7-bit characters: what is drawn is replaced at output, cell for cell.

Textual calls its line filters internal; the tests of this module and the exact pin of Textual guard it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_GROUPS = {
    "-": "─━╌╍┄┅┈┉═╴╶╸╺▔▁–—−‐‑",
    "|": "│┃╎╏┆┇┊┋║▏▕╵╷╹╻",
    "+": "┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰",
    "#": "█▓▇▆▅▄▉▊▋▌▐▀▖▗▘▙▚▛▜▝▞▟■",
    ".": "░▒▂▃·•",
    "x": "×✕✖",
    "*": "●◉○★",
    "^": "↑▲",
    "v": "↓▼",
    "<": "←◀‹",
    ">": "→▶›❯",
    "u": "µμ",
    "'": "‘’´`",
    '"': "“”„",
    "~": "≈…",
}
_REPLACEMENTS = {ord(glyph): plain for plain, glyphs in _GROUPS.items() for glyph in glyphs}


@lru_cache(4096)
def _plain_character(character: str) -> str:
    """ASCII of the same width: from the table, the letter without its accent, or question marks."""
    if (plain := _REPLACEMENTS.get(ord(character))) is not None:
        return plain
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    width = get_character_cell_size(character)
    return letters if len(letters) == width else "?" * width


def plain_text(text: str) -> str:
    """The text in 7-bit characters, as many cells wide as before."""
    return text if text.isascii() else "".join(map(_plain_character, text))


class AsciiFilter(LineFilter):
    """Replaces every character that is not 7-bit in a line that is about to be drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in plain ASCII, each as wide as before."""
        return [Segment(plain_text(text), style, control) for text, style, control in segments]
