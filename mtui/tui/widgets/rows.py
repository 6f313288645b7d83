"""A list with a cursor, moved by arrows and by the keys of vi; it draws only the rows that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Blur, Click, DescendantBlur, DescendantFocus, Focus, Resize
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from mtui.tui.widgets.lines import Line, Lines, line

FAR = 1_000_000_000
"""More rows than any list has."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a list: a key that stays the same when the list is read again, and what is shown."""

    key: str
    spans: Line


class RowList(Lines, can_focus=True):
    """Rows with a cursor, marked ``>`` and inverse."""

    INDENT = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="list.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="list.down"),
        Binding("pageup,ctrl+u", "move_pages(-1)", "Page up", show=False, id="list.page-up"),
        Binding("pagedown,ctrl+d", "move_pages(1)", "Page down", show=False, id="list.page-down"),
        Binding("home,g", f"move({-FAR})", "First", show=False, id="list.first"),
        Binding("end,G", f"move({FAR})", "Last", show=False, id="list.last"),
        Binding("enter", "choose", "Open", key_display="enter", id="list.open"),
    ]
    DEFAULT_CSS = """
    RowList {
        & > .tone--cursor { text-style: reverse; }
        & > .tone--cursor-blurred { text-style: bold; }
    }
    """
    COMPONENT_CLASSES = {"tone--cursor", "tone--cursor-blurred"}  # noqa: RUF012 - Textual's way to declare them

    @dataclass
    class Moved(Message):
        """The cursor stands on another row, or on none."""

        rows: RowList
        key: str | None

    @dataclass
    class Chosen(Message):
        """A row was opened with enter or a click on the row under the cursor."""

        rows: RowList
        key: str

    def __init__(self, *, empty: str = "", opens: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._opens = opens
        self._rows: tuple[Row, ...] = ()
        self._empty = empty
        self.cursor = 0

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self.cursor].key if self._rows else None

    def set_rows(self, rows: Sequence[Row], empty: str | None = None, select: str | None = None) -> None:
        """Show these rows; the cursor goes to an entry, or stays on the same entry, not on the same line."""
        before = select or self.key
        was_empty, self._rows = not self._rows, tuple(rows)
        self._empty = self._empty if empty is None else empty
        keys = [row.key for row in self._rows]
        wanted = keys.index(before) if before in keys else min(self.cursor, max(0, len(keys) - 1))
        if wanted != self.cursor or (was_empty and self._rows):
            self.refresh_line(self.cursor)
            self.refresh_line(wanted)
            self.cursor = wanted
        if self.virtual_size.height != len(self._rows):
            # Not by assignment, which has the window laid out and drawn again; there are no scroll bars.
            self.set_reactive(RowList.virtual_size, Size(0, len(self._rows)))
        self.set_lines([row.spans for row in self._rows] or [line(self._empty, "quiet")])
        self._keep_cursor_visible()
        if self.key != before:
            self.post_message(self.Moved(self, self.key))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows that lead nowhere cannot be opened."""
        return action != "choose" or self._opens

    def action_move(self, count: int) -> None:
        """Move the cursor by rows."""
        self.move_cursor(self.cursor + count)

    def action_move_pages(self, count: int) -> None:
        """Move the cursor by screens."""
        self.move_cursor(self.cursor + count * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def move_cursor(self, index: int) -> None:
        """Put the cursor on a row, the nearest one if there is no such row."""
        wanted = max(0, min(index, len(self._rows) - 1))
        if wanted == self.cursor or not self._rows:
            return
        for changed in (self.cursor, wanted):
            self.refresh_line(changed)
        self.cursor = wanted
        self._keep_cursor_visible()
        self.post_message(self.Moved(self, self.key))

    def render_line(self, y: int) -> Strip:
        """One row; the cursor's is marked by a glyph as well as by inversion."""
        index = y + self.scroll_offset.y
        is_cursor = index == self.cursor and bool(self._rows)
        strip = Strip([Segment("> " if is_cursor else "  "), *self._segments(index)])
        strip = strip.adjust_cell_length(self.size.width).apply_style(self.rich_style).simplify()
        if is_cursor:
            name = "tone--cursor" if self.has_focus else "tone--cursor-blurred"
            strip = Strip([Segment(strip.text, self.get_component_rich_style(name))])
        return strip

    def _segments(self, index: int) -> list[Segment]:
        return [Segment(text, self.tone_style(tone)) for text, tone in self.spans_at(index)]

    def _keep_cursor_visible(self) -> None:
        height = self.size.height
        if height and not self.scroll_offset.y <= self.cursor < self.scroll_offset.y + height:
            top = self.cursor if self.cursor < self.scroll_offset.y else self.cursor - height + 1
            self.scroll_to(y=top, animate=False)

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in view in a window of another height."""
        self._keep_cursor_visible()

    def on_focus(self, event: Focus) -> None:
        """Show where the keys go; Textual would draw the whole list again."""
        event.prevent_default()
        self.has_focus = True
        self.refresh_line(self.cursor)
        if self.parent is not None:
            self.parent.post_message(DescendantFocus(self))

    def on_blur(self, event: Blur) -> None:
        """Show that the keys go elsewhere."""
        event.prevent_default()
        self.has_focus = False
        self.refresh_line(self.cursor)
        if self.parent is not None:
            self.parent.post_message(DescendantBlur(self))

    def on_click(self, event: Click) -> None:
        """Move to the row; on the row under the cursor, open it."""
        index = event.y + self.scroll_offset.y
        if index == self.cursor:
            self.action_choose()
        else:
            self.move_cursor(index)
