"""The lines around a screen: where I am, what happened, which keys work now; and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from mtui.tui.keys import is_typed
from mtui.tui.text import one_line, shorten_end, shorten_middle, wrap
from mtui.tui.widgets.lines import Line, Lines, Span, Tone, line, text_of


class TitleLine(Lines):
    """Program, where I am, numbers, running jobs."""

    DEFAULT_CSS = "TitleLine { height: 1; text-style: bold; }"

    def __init__(self) -> None:
        super().__init__()
        self._place = ""
        self._numbers = ""
        self._jobs = 0

    def on_mount(self) -> None:
        """Follow the number of running jobs, which the app knows."""
        self.watch(self.app, "running_jobs", self._show_jobs)

    def show(self, place: str, numbers: str) -> None:
        """Say where I am."""
        self._place, self._numbers = place, numbers
        self._draw()

    def _show_jobs(self, running: int) -> None:
        self._jobs = running
        if self.screen.is_active:
            self._draw()

    def _draw(self) -> None:
        """Fit the three parts into the window; the place is shortened in its middle."""
        columns = self.app.size.width
        right = "      ".join(filter(None, (self._numbers, f"jobs: {self._jobs} ")))
        left = shorten_middle(f" {self._place}", max(10, columns - len(right) - 2))
        gap = " " * (columns - len(left) - len(right))
        self.set_lines([((left, "head"), (gap, "plain"), (right, "plain"))])


class MessageLine(Lines):
    """What happened last, kept until the next; a remark about the field with the focus; a problem."""

    DEFAULT_CSS = "MessageLine { height: auto; min-height: 1; max-height: 4; }"

    def __init__(self) -> None:
        # One line from the start: another number of lines would lay out and draw the whole screen again.
        super().__init__([line()])

    def show(self, text: str, tone: Tone = "plain") -> None:
        """Replace the message; one that says what went wrong may need more than one line."""
        columns = self.app.size.width
        if tone == "error":
            self.set_lines([line(f" {part}", tone) for part in wrap(f"! {text}", columns - 2)])
        else:
            self.set_lines([line(shorten_end(f" {one_line(text)}", columns), tone)])

    @property
    def text(self) -> str:
        """What is shown."""
        return " ".join(text_of(spans).strip() for spans in self.lines)


class KeyLine(Lines):
    """The keys that work now, as many as fit."""

    DEFAULT_CSS = "KeyLine { height: 1; dock: bottom; }"

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self.update_keys)

    def on_resize(self, event: Resize) -> None:
        """Fit as many as there is room for."""
        self.update_keys(self.screen)

    def update_keys(self, screen: Screen[Any]) -> None:
        """Show the keys of the focused widget, then of the screen, then of the app."""
        if not self.is_attached or screen is not self.screen:
            return
        spans: list[Span] = []
        for key, description, enabled in _fitting(_keys_by_action(screen), self.size.width - 1):
            tones: tuple[Tone, Tone] = ("key", "plain") if enabled else ("quiet", "quiet")
            spans += [(f" {key} ", tones[0]), (f"{description} ", tones[1])]
        self.set_lines([tuple(spans)])


def _fitting(keys: dict[str, tuple[str, str, bool]], columns: int) -> list[tuple[str, str, bool]]:
    """As many keys as fit; the ways out at the end always do, what stands before them gives way."""
    fitting = [key for action, key in keys.items() if action not in LAST_ACTIONS]
    ways_out = [key for action, key in keys.items() if action in LAST_ACTIONS]
    while fitting and sum(len(key) + len(text) + 3 for key, text, _ in (*fitting, *ways_out)) > columns:
        fitting.pop()
    return [*fitting, *ways_out]


LAST_ACTIONS = ("back", "quit", "help")
"""The ways out stand at the end of the line, where the eye finds them on every screen."""


def shown_keys(screen: Screen[Any]) -> list[tuple[str, str, bool]]:
    """Key, description and whether it works now, of the bindings meant for the footer; each action once."""
    return list(_keys_by_action(screen).values())


def _keys_by_action(screen: Screen[Any]) -> dict[str, tuple[str, str, bool]]:
    shown: dict[str, tuple[str, str, bool]] = {}
    in_field = isinstance(screen.focused, Input)
    for active in screen.active_bindings.values():
        binding = active.binding
        if in_field and is_typed(binding.key):
            continue
        action = binding.action.removeprefix("app.")
        if binding.show and binding.description and action not in shown:
            key = screen.app.get_key_display(binding)
            shown[action] = (key, binding.description, active.enabled)
    return {action: shown[action] for action in sorted(shown, key=LAST_ACTIONS.count)}


class PushButton(Widget, can_focus=True):
    """A button drawn as text: ``[ Apply ]``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "press", "Press", key_display="enter", id="form.press")
    ]
    DEFAULT_CSS = """
    PushButton {
        width: auto;
        height: 1;
        margin-left: 2;
        text-style: bold;
        &:focus { text-style: bold reverse; }
        &:disabled { color: $role-quiet; text-style: none; }
        &:disabled:ansi { text-style: dim; }
    }
    """

    @dataclass
    class Pressed(Message):
        """The button was pressed by key or click."""

        button: PushButton

        @property
        def control(self) -> PushButton:
            """The button, for ``@on`` selectors."""
            return self.button

    def __init__(self, label: str, *, id: str, disabled: bool = False) -> None:
        super().__init__(id=id, disabled=disabled)
        self.label = label

    def render(self) -> Content:
        """The label in brackets; the focus is marked by a glyph as well as by inversion."""
        left, right = (">", "<") if self.has_focus else (" ", " ")
        return Content(f"[{left}{self.label}{right}]")

    def action_press(self) -> None:
        """Press it."""
        self.post_message(self.Pressed(self))

    def on_click(self, event: Click) -> None:
        """Press it with the mouse."""
        self.action_press()


def heading(text: str) -> Line:
    """A line that names what follows."""
    return line(text, "head")
