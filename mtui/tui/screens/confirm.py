"""A question before something that cannot be undone; the safe answer has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mtui.tui.widgets.bars import PushButton


class ConfirmScreen(ModalScreen[bool]):
    """Asks; gives True only for an explicit yes."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,escape", "answer(False)", "Keep", id="confirm.no"),
        Binding("y", "answer(True)", "Do it", id="confirm.yes"),
        Binding("left,up", "app.focus_previous", "Previous", show=False, id="confirm.previous"),
        Binding("right,down", "app.focus_next", "Next", show=False, id="confirm.next"),
    ]

    def __init__(self, question: str, lines: Sequence[str], *, yes: str, no: str) -> None:
        super().__init__()
        self._question = question
        self._lines = lines
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question, what will be lost, two answers."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._question
            for text in self._lines:
                yield Static(text, markup=False)
            with Horizontal(id="answers"):
                yield PushButton(f"n  {self._no}", id="no")
                yield PushButton(f"y  {self._yes}", id="yes")

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Answer by key."""
        self.dismiss(yes)
