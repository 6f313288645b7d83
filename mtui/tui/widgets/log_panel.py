"""A log with its name, the lines that follow its end, and a search that narrows it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from mtui.tui.widgets.filter_line import FilterInput, FilterLine
from mtui.tui.widgets.log_view import LogView
from mtui.tui.widgets.panel import set_subtitle, set_title

FOLLOWING = "following the end: up/down or k/j to scroll, end or G to follow again"


class LogPanel(Vertical):
    """The end of a log."""

    @dataclass
    class Searched(Message):
        """The search became another; so many lines have its text."""

        text: str
        count: int

    def compose(self) -> ComposeResult:
        """Search, which is seen while there is one, and lines."""
        search = FilterLine(id="search")
        search.display = False
        yield search
        yield LogView(id="log")

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one(LogView)

    def show(self, title: str, texts: tuple[str, ...]) -> None:
        """Show a longer log."""
        set_title(self, title)
        self.view.set_texts(texts)

    def begin_search(self) -> None:
        """Show only the lines with some text; what is typed next is that text."""
        search = self.query_one(FilterLine)
        search.display = True
        search.begin()

    @on(FilterLine.Changed)
    def _search(self, event: FilterLine.Changed) -> None:
        event.stop()
        self.post_message(self.Searched(event.text, self.view.search(event.text)))

    @on(FilterInput.Left)
    def _leave_search(self, event: FilterInput.Left) -> None:
        event.stop()
        search = self.query_one(FilterLine)
        search.display = bool(search.text)
        self.view.focus()

    @on(LogView.Scrolled)
    def _scrolled(self) -> None:
        set_subtitle(self, "" if self.view.following else FOLLOWING)
