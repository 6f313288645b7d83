"""One sentence while the window is too small."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from mtui.tui.terminal import size_problem


class SmallScreen(ModalScreen[None]):
    """Covers what does not fit; the screen below keeps its focus and its values."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", show=False, id="small.quit")]

    def compose(self) -> ComposeResult:
        """The sentence."""
        yield Static(markup=False)

    def on_resize(self, event: Resize) -> None:
        """Name the size that the window has now."""
        size = self.app.size
        self.query_one(Static).update(size_problem(size.width, size.height) or "")
