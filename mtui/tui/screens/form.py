"""What forms have in common: problems beside the fields, the button that follows them, apply and copy."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from mtui.settings import Settings, to_argv
from mtui.tui.screens.copied import copy_text
from mtui.tui.screens.hinting import HintingScreen, remark_on
from mtui.tui.widgets.bars import PushButton
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.toggles import Toggle

Draft = Mapping[str, str | bool]
"""What stands in a form: text or state by the name of the field."""


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What a form leaves behind."""

    draft: Draft
    """Its entries, which come back on the next visit."""
    message: str = ""
    """What was done; empty if nothing was."""
    job_folder: str = ""
    """The job that was started, if one was."""


class FormScreen(HintingScreen[FormOutcome]):
    """A form whose state can be turned into settings and a command at any moment."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Cancel", key_display="esc", id="form.cancel"),
        Binding("ctrl+s", "apply", "Apply", id="form.apply"),
        Binding("ctrl+y", "copy_command", "Copy cmd", id="form.copy-command"),
        Binding("f5", "defaults", "Defaults", show=False, id="form.defaults"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="form.previous"),
        Binding("down,enter", "app.focus_next", "Next field", show=False, id="form.next"),
        Binding("f1", "app.help", "Help", id="form.help"),
    ]

    defaults: Draft
    """What stood in the form before anything was entered."""
    applying = False
    """Whether what the form says is being done."""

    def compose_buttons(self, label: str) -> Iterable[Widget]:
        """The line with why the action cannot be done, the action, and the way out."""
        with Horizontal(id="buttons"):
            yield Lines(id="reason")
            yield PushButton(label, id="apply")
            yield PushButton("Cancel", id="cancel")

    def read_settings(self) -> Settings:
        """What the form says; only asked for where it has no problem."""
        raise NotImplementedError

    def apply(self) -> None:
        """Do what the form says; only called where it has no problem."""
        raise NotImplementedError

    def find_problem(self) -> str | None:
        """What keeps the form from being applied, beyond its fields."""
        return None

    def edited(self, name: str) -> None:
        """A field or toggle changed; the form recomputes what depends on it."""

    @property
    def problem(self) -> str | None:
        """The first thing that is wrong, in a sentence."""
        problems = (field.problem for field in self.query(Field))
        return next((problem for problem in problems if problem), None) or self.find_problem()

    def update_state(self) -> None:
        """Enable the action, or say why it is off."""
        problem = self.problem
        self.query_one("#apply", PushButton).disabled = bool(problem)
        self.query_one("#reason", Lines).set_lines([line(f" ! {problem}" if problem else "", "error")])

    @on(Field.Edited)
    @on(Toggle.Changed)
    def _edited(self, event: Field.Edited | Toggle.Changed) -> None:
        if isinstance(event, Field.Edited):
            self.edited(event.field.option_name)
            self.remark(*remark_on(event.field))
        else:
            self.edited(event.toggle.id or "")
        self.update_state()

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        if event.button.id == "apply":
            self.action_apply()
        else:
            self.action_back()

    def draft(self) -> Draft:
        """Everything that was entered."""
        return read_draft(self)

    def action_back(self) -> None:
        """Leave; what was typed comes back on the next visit."""
        if self.applying:
            self.remark("It is being done: a moment.")
        else:
            self.dismiss(FormOutcome(self.draft()))

    def action_apply(self) -> None:
        """Do it once, or say what is wrong."""
        if self.applying:
            return
        if problem := self.problem:
            self.remark(problem, "error")
        else:
            self.applying = True
            self.apply()

    async def action_copy_command(self) -> None:
        """Copy the command that does the same, on one line."""
        if problem := self.problem:
            self.remark(problem, "error")
        else:
            await copy_text(self, "Command", shlex.join(["mtui", *to_argv(self.read_settings())]))

    def action_defaults(self) -> None:
        """Back to the defaults."""
        write_draft(self, self.defaults)


def read_draft(form: FormScreen) -> Draft:
    """Everything that stands in a form."""
    texts = {field.id: field.text for field in form.query(Field) if field.id}
    states = {toggle.id: toggle.value for toggle in form.query(Toggle) if toggle.id}
    return {**texts, **states}


def write_draft(form: FormScreen, draft: Draft) -> None:
    """Put entries back into a form."""
    for name, value in draft.items():
        for widget in form.query(f"#{name}"):
            if isinstance(widget, Field) and isinstance(value, str):
                widget.text = value
            elif isinstance(widget, Toggle) and isinstance(value, bool):
                widget.value = value
