"""A line that narrows a list while typing and stays visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup
from textual.message import Message
from textual.widgets import Input, Static

from mtui.tui.widgets.fields import FieldInput


class FilterInput(FieldInput):
    """The text of a filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "Clear filter", key_display="esc", id="filter.clear"),
        Binding("enter,down", "leave(False)", "Keep filter", key_display="enter", id="filter.keep"),
    ]

    @dataclass
    class Left(Message):
        """The user is done with the filter."""

        entry: FilterInput

    def action_leave(self, clear: bool) -> None:
        """Clear or keep the filter and go back to the list."""
        if clear:
            self.value = ""
        self.post_message(self.Left(self))


class FilterLine(HorizontalGroup):
    """``/filter:`` and what is typed."""

    DEFAULT_CSS = """
    FilterLine {
        height: 1;
        & > Static { width: auto; color: $role-quiet; }
        & > FilterInput { width: 1fr; }
    }
    """

    @dataclass
    class Changed(Message):
        """The filter became another."""

        text: str

    def compose(self) -> ComposeResult:
        """Label and entry."""
        yield Static(" /filter: ", markup=False)
        yield FilterInput()

    @property
    def text(self) -> str:
        """The filter in lower case; empty if there is none."""
        return self.query_one(FilterInput).value.strip().lower()

    def begin(self) -> None:
        """Go to the filter, at once: what is typed next belongs to it."""
        self.screen.set_focus(self.query_one(FilterInput))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self.text))
