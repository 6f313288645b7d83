"""What happened since the app was started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from mtui.jobs.wording import plural
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.text import wrap
from mtui.tui.widgets.lines import Lines, Tone, line
from mtui.tui.widgets.rows import Row, RowList


@dataclass(frozen=True, slots=True)
class Entry:
    """One message with the time of day."""

    clock: str
    text: str
    tone: Tone


class MessagesScreen(FrameScreen[None]):
    """The messages, last one under the cursor."""

    TITLE = "Messages"
    HELP = "Every message that stood on the message line since the start, the last at the end."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back", "Back", show=False, id="messages.back")]

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._entries = entries

    def compose_body(self) -> Iterable[Widget]:
        """The list."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Messages"
            yield RowList(empty="Nothing happened yet.", opens=False, id="messages")
        with Vertical(id="about"):
            yield Lines(id="details")

    def on_mount(self) -> None:
        """Fill the list and go to its end."""
        rows = self.query_one(RowList)
        rows.set_rows(
            [
                Row(str(index), ((f"{entry.clock}  ", "quiet"), (entry.text, entry.tone)))
                for index, entry in enumerate(self._entries)
            ]
        )
        rows.move_cursor(len(self._entries))
        self.remark(plural(len(self._entries), "message") + ".")

    @on(RowList.Moved)
    def _draw_details(self, event: RowList.Moved) -> None:
        """Show the whole text of the message under the cursor."""
        lines = self.query_one("#details", Lines)
        entry = self._entries[int(event.key)] if event.key is not None else None
        lines.set_lines([line(text) for text in wrap(entry.text, lines.size.width)] if entry else [])

    def show_title(self) -> None:
        """Where I am."""
        self.set_title("mtui  Messages")
