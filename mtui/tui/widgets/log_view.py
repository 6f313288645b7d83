"""The end of a file that grows: follows it unless the user scrolled up."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message

from mtui.tui.widgets.lines import Lines, line

TAIL_BYTES = 1 << 20
"""Read from the end of a file; more is for the pager."""


def read_tail(path: Path) -> tuple[str, ...]:
    """The last lines of a file; none if it is not there."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - TAIL_BYTES)
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    lines = text.splitlines()
    return tuple(lines[1:] if start else lines)


class LogView(Lines, can_focus=True):
    """Lines of a log, the last ones in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_lines(-1)", "Scroll", key_display="up/down", show=False, id="log.up"),
        Binding("down,j", "scroll_lines(1)", "Scroll down", show=False, id="log.down"),
        Binding("pageup,ctrl+u", "scroll_lines(-10)", "Page up", show=False, id="log.page-up"),
        Binding("pagedown,ctrl+d", "scroll_lines(10)", "Page down", show=False, id="log.page-down"),
        Binding("home,g", "scroll_lines(-1000000)", "First", show=False, id="log.first"),
        Binding("end,G", "follow", "Follow", show=False, id="log.follow"),
    ]

    class Scrolled(Message):
        """The view follows the end now, or does not any more."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._all: tuple[str, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._wanted = ""
        self._top = 0
        self.following = True

    def set_texts(self, texts: tuple[str, ...]) -> None:
        """Show a longer log."""
        if texts != self._all:
            self._all = texts
            self._choose()

    def search(self, wanted: str) -> int:
        """Show only the lines with this text, whatever the case, and return their number."""
        self._wanted = wanted.lower()
        self._choose()
        return len(self._texts) if wanted else 0

    def _choose(self) -> None:
        wanted = self._wanted
        self._texts = tuple(text for text in self._all if wanted in text.lower()) if wanted else self._all
        self._top = min(self._top, self._last_top)
        self._show()

    def action_scroll_lines(self, count: int) -> None:
        """Scroll; at the end the view follows again."""
        self._top = max(0, min(self._top + count, self._last_top))
        self._set_following(self._top == self._last_top)

    def action_follow(self) -> None:
        """Go to the end and follow it."""
        self._set_following(True)

    def _set_following(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.post_message(self.Scrolled())
        self._show()

    @property
    def _last_top(self) -> int:
        return max(0, len(self._texts) - self.size.height)

    def _show(self) -> None:
        if self.following:
            self._top = self._last_top
        shown = self._texts[self._top : self._top + max(1, self.size.height)]
        empty = f"No line has {self._wanted!r}." if self._wanted else "Nothing was logged yet."
        self.set_lines([line(text) for text in shown] or [line(empty, "quiet")])

    def on_resize(self, event: Resize) -> None:
        """Show as many lines as fit."""
        self._show()
