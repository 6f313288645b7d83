"""What was copied, shown so that it can be selected by hand where the clipboard cannot be reached."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from mtui.tui.clipboard import send_to_clipboard
from mtui.tui.widgets.bars import KeyLine


class CopiedScreen(ModalScreen[None]):
    """The text from border to border, and whether it was sent to the terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", key_display="esc", id="copied.close"),
        Binding("p", "print", "Print on the plain terminal", id="copied.print"),
    ]

    def __init__(self, title: str, text: str, outcome: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._outcome = outcome

    def compose(self) -> ComposeResult:
        """Without frame at the sides, so that nothing but the text is selected."""
        with VerticalScroll(id="window") as window:
            window.border_title = f"{self._title}. {self._outcome}"
            yield Static(self._text, id="text", markup=False)
        yield KeyLine()

    def action_print(self) -> None:
        """Leave the full screen and print it on one line, which any terminal selects as one."""
        with self.app.suspend():
            print(f"\n{self._text}\n")
            input("Press enter to go back to mtui. ")


async def copy_text(screen: Screen[Any], title: str, text: str) -> None:
    """Send a text to the clipboard and show it."""
    outcome = await send_to_clipboard(text, screen.app.copy_to_clipboard)
    screen.app.push_screen(CopiedScreen(title, text, outcome))
