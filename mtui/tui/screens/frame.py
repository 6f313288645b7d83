"""What every full screen has: a title line, a message line and a line of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from mtui.tui.widgets.bars import KeyLine, MessageLine, TitleLine
from mtui.tui.widgets.lines import Tone

Result = TypeVar("Result")


@dataclass
class PopulationOpened(Message):
    """From now on the app counts the running jobs of this population."""

    path: Path


@dataclass
class Said(Message):
    """Something happened that belongs in the list of messages."""

    text: str
    tone: Tone


class FrameScreen(Screen[Result]):
    """A screen with title, body, message and keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="esc", id="back"),
    ]
    AUTO_FOCUS = "*"
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Textual would draw the whole screen again for each new focus; the widgets draw themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._polls: list[Timer] = []
        self._parting: tuple[Result] | None = None

    def compose(self) -> ComposeResult:
        """Title, body, message, keys."""
        yield TitleLine()
        yield from self.compose_body()
        yield MessageLine()
        yield KeyLine()

    def compose_body(self) -> Iterable[Widget]:
        """What stands between title and message."""
        return ()

    def poll(self, seconds: float, look: Callable[[], object]) -> None:
        """Look now and then, only while the screen is the one that is seen.

        Textual draws the whole window again whenever a covered screen has anything to do.
        """
        look()
        self._polls.append(self.set_interval(seconds, look))

    def on_screen_suspend(self) -> None:
        """Rest while covered."""
        for timer in self._polls:
            timer.pause()

    def on_screen_resume(self) -> None:
        """Go on, with a title of this moment, unless there was a reason to go meanwhile."""
        self.show_title()
        for timer in self._polls:
            timer.resume()
        if self._parting is not None:
            self.dismiss(*self._parting)

    def on_resize(self, event: Resize) -> None:
        """Fit the title into the window."""
        self.show_title()

    def show_title(self) -> None:
        """Write the title line."""

    def set_title(self, place: str, numbers: str = "") -> None:
        """Show where I am."""
        self.query_one(TitleLine).show(place, numbers)

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show what happened, until the next thing happens, and keep it in the list of messages."""
        self.remark(text, tone)
        self.post_message(Said(text, tone))

    def remark(self, text: str, tone: Tone = "plain") -> None:
        """Show a remark about what the user is looking at; it is not kept."""
        self.query_one(MessageLine).show(text, tone)

    def leave(self, result: Result) -> None:
        """Go, with a result that came in its own time; while something covers the screen, after that.

        Textual's dismiss takes away whatever is on top.
        """
        if self.is_active:
            self.dismiss(result)
        else:
            self._parting = (result,)

    def action_back(self) -> None:
        """One step back."""
        self.dismiss()
