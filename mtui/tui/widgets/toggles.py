"""Ticks ``[x]`` and radio buttons ``(*)`` whose state does not depend on colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mtui.settings import Option


class Toggle(Widget, can_focus=True):
    """Something that is on or off, drawn as text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "switch", "Tick", id="form.tick")]
    DEFAULT_CSS = """
    Toggle {
        width: auto;
        height: 1;
        text-wrap: nowrap;
        &:focus { text-style: reverse; }
        &:disabled { color: $role-quiet; }
        &:disabled:ansi { text-style: dim; }
    }
    """
    ON, OFF = "[x]", "[ ]"

    value: reactive[bool] = reactive(False, init=False)
    label: reactive[str] = reactive("", layout=True, init=False)

    @dataclass
    class Changed(Message):
        """The user, or a field that forces this one, switched it."""

        toggle: Toggle

    def __init__(
        self,
        label: str,
        value: bool = False,
        *,
        option: Option | None = None,
        id: str | None = None,
        classes: str | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(id=id, classes=classes, disabled=bool(reason))
        self.option = option
        self.reason = reason
        self.forced = False
        self.set_reactive(Toggle.label, label)
        self.set_reactive(Toggle.value, value)

    @property
    def hint(self) -> str:
        """What it does, for the message line."""
        return self.option.help if self.option else ""

    def render(self) -> Content:
        """State, label, and why it is off limits."""
        reason = f"  ({self.reason})" if self.reason else ""
        return Content(f"{self.ON if self.value or self.forced else self.OFF} {self.label}{reason}")

    def action_switch(self) -> None:
        """Switch it."""
        self.value = not self.value

    def watch_value(self) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self))

    def set_reason(self, reason: str, *, forced: bool = False) -> None:
        """Disable with a reason, drawn as on if another field forces it; or enable with an empty one."""
        if reason != self.reason:
            self.reason = reason
            self.forced = forced
            self.disabled = bool(reason)
            self.refresh(layout=True)

    def on_click(self, event: Click) -> None:
        """Switch it with the mouse."""
        self.action_switch()


class Tick(Toggle):
    """A tick: ``[x]`` or ``[ ]``."""


class Radio(Toggle):
    """One of several of which exactly one is on: ``(*)`` or ``( )``."""

    ON, OFF = "(*)", "( )"

    def __init__(
        self,
        label: str,
        value: bool = False,
        *,
        group: str,
        choice: str,
        option: Option | None = None,
        id: str | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(label, value, option=option, id=id, reason=reason)
        self.group = group
        self.choice = choice

    def action_switch(self) -> None:
        """Switch it on and the others of its group off."""
        if self.value:
            return
        for other in self.screen.query(Radio):
            if other.group == self.group and other is not self:
                with other.prevent(Toggle.Changed):
                    other.value = False
        self.value = True
