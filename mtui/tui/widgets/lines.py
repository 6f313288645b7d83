"""Lines of text in tones, of which only the changed ones are drawn again.

Over a slow link bytes count: Textual sends every region that is marked, whether it changed or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

Tone = Literal["plain", "strong", "quiet", "error", "old", "both", "new", "outside", "key", "head"]
Span = tuple[str, Tone | Style]
"""Characters, and their tone; a style of its own only in pictures."""
Line = tuple[Span, ...]

BLANK: Span = (" ", "plain")
_TONES: tuple[Tone, ...] = ("strong", "quiet", "error", "old", "both", "new", "outside", "key", "head")


def line(text: str = "", tone: Tone = "plain") -> Line:
    """A line of one tone."""
    return ((text, tone),)


def text_of(spans: Line) -> str:
    """The characters of a line."""
    return "".join(text for text, _tone in spans)


def changed_columns(old: Line, new: Line) -> tuple[int, int]:
    """The columns from the first to behind the last that differ; all where a character is two cells wide."""
    cells = [[(character, tone) for text, tone in spans for character in text] for spans in (old, new)]
    width = max(map(cell_len, (text_of(old), text_of(new))))
    if any(cell_len(text_of(spans)) != len(chars) for spans, chars in zip((old, new), cells, strict=True)):
        return 0, width
    same = [first == second for first, second in zip_longest(*cells, fillvalue=BLANK)]
    if all(same):
        return 0, 0
    return same.index(False), len(same) - same[::-1].index(False)


class Lines(ScrollView, can_focus=False, inherit_bindings=False):
    """A block of lines, each a tuple of spans in tones."""

    COMPONENT_CLASSES = {f"tone--{tone}" for tone in _TONES}  # noqa: RUF012 - Textual's way to declare them
    DEFAULT_CSS = """
    Lines {
        scrollbar-size: 0 0;
        overflow: hidden hidden;
        & > .tone--strong { text-style: bold; }
        & > .tone--head { text-style: bold; }
        & > .tone--quiet { color: $role-quiet; }
        & > .tone--error { color: $role-error; text-style: bold; }
        & > .tone--old { color: $role-old; }
        & > .tone--both { color: $role-both; }
        & > .tone--new { color: $role-new; }
        & > .tone--outside { color: $role-outside; }
        & > .tone--key { color: $role-key; text-style: bold; }
        &:ansi > .tone--quiet { text-style: dim; }
    }
    """

    INDENT: ClassVar[int] = 0
    """Cells in front of each line that a kind of list fills itself."""

    def __init__(
        self, lines: Sequence[Line] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = tuple(lines)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines; only those that differ from what is there are sent to the terminal."""
        before, self._lines = self._lines, tuple(lines)
        if max(1, len(before)) != max(1, len(self._lines)) and self.styles.auto_dimensions:
            self.refresh(layout=True)
        for index in range(max(len(before), len(self._lines))):
            old = before[index] if index < len(before) else ()
            new = self._lines[index] if index < len(self._lines) else ()
            if old != new:
                start, stop = changed_columns(old, new)
                self.refresh(Region(self.INDENT + start, index - self.scroll_offset.y, stop - start, 1))

    def set_line(self, index: int, spans: Line) -> None:
        """Replace one line."""
        lines = list(self._lines)
        lines[index] = spans
        self.set_lines(lines)

    def tone_style(self, tone: Tone | Style) -> Style:
        """The style of a tone in this widget."""
        if isinstance(tone, Style):
            return tone
        return self.rich_style if tone == "plain" else self.get_component_rich_style(f"tone--{tone}")

    def spans_at(self, index: int) -> Line:
        """What stands at a line; empty below the last."""
        return self._lines[index] if 0 <= index < len(self._lines) else ()

    def render_line(self, y: int) -> Strip:
        """One line as Textual draws it."""
        index = y + self.scroll_offset.y
        segments = [Segment(text, self.tone_style(tone)) for text, tone in self.spans_at(index)]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style).simplify()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as lines."""
        return max(1, len(self._lines))
