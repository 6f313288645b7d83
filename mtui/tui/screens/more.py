"""A form's rarer settings, for which the form has no room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from mtui.settings import Option
from mtui.tui.screens.form import Draft, FormScreen
from mtui.tui.screens.hinting import HintingScreen, remark_on
from mtui.tui.widgets.fields import Field, NumberField, TextField
from mtui.tui.widgets.toggles import Tick

LABEL_COLUMNS = 17


class MoreScreen(HintingScreen[Draft]):
    """Fields for the rarer settings; gives those that are not as they would be anyway."""

    TITLE = "More"
    PLACE: ClassVar[str] = ""
    """The form that it belongs to."""
    OPTIONS: ClassVar[Mapping[str, Option]] = {}
    TEXTS: ClassVar[tuple[str, ...]] = ()
    TICKS: ClassVar[tuple[str, ...]] = ()
    DEFAULTS: ClassVar[Mapping[str, str]] = {}
    """What stands in a field that is left alone, where that is not nothing."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+s", "back", "Done", key_display="esc", id="more.back"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="more.previous"),
        Binding("down,enter", "app.focus_next", "Next field", show=False, id="more.next"),
        Binding("f1", "app.help", "Help", id="more.help"),
    ]

    def __init__(self, species: str, draft: Draft) -> None:
        super().__init__()
        self._species = species
        self._draft = draft

    def compose_body(self) -> Iterable[Widget]:
        """One field per line."""
        with VerticalScroll(id="panel", can_focus=False) as panel:
            panel.border_title = "More"
            yield from self.compose_head()
            for name in self.TEXTS:
                yield self._field(name, str(self._draft.get(name, self.DEFAULTS.get(name, ""))))
            for name in self.TICKS:
                option = self.OPTIONS[name]
                ticked = bool(self._draft.get(name, option.kind == "off"))
                yield Tick(option.label, ticked, option=option, id=f"more-{name}")

    def compose_head(self) -> Iterable[Widget]:
        """What stands above the fields; nothing unless a form has something to say."""
        return ()

    def _field(self, name: str, value: str) -> Field:
        option = self.OPTIONS[name]
        if option.minimum is None:
            return TextField(name, option, value, label_width=LABEL_COLUMNS)
        whole = option.step is None or option.step == int(option.step)
        return NumberField(name, option, value, label_width=LABEL_COLUMNS, integer=whole, optional=True)

    def show_title(self) -> None:
        """Where I am."""
        self.set_title(f"{self._species} > {self.PLACE} > More")

    @on(Field.Edited)
    def _edited(self, event: Field.Edited) -> None:
        self.remark(*remark_on(event.field))

    def action_back(self) -> None:
        """Back to the form, unless a field is wrong."""
        problem = next((field.problem for field in self.query(Field) if field.problem), None)
        if problem:
            self.remark(problem, "error")
            return
        texts = {field.option_name: field.text.strip() for field in self.query(Field)}
        ticks = {name: self.query_one(f"#more-{name}", Tick).value for name in self.TICKS}
        given = {name: text for name, text in texts.items() if text != self.DEFAULTS.get(name, "")}
        changed = {name: on for name, on in ticks.items() if on != (self.OPTIONS[name].kind == "off")}
        self.dismiss({**given, **changed})


class FormWithMore(FormScreen):
    """A form with rarer settings on a screen of their own; the form itself says where ``f8`` stands."""

    more: Draft
    """What was entered there."""

    def more_screen(self) -> MoreScreen:
        """The screen of the rarer settings."""
        raise NotImplementedError

    def draft(self) -> Draft:
        """Everything that was entered, here and under More."""
        return {**super().draft(), **self.more}

    def action_defaults(self) -> None:
        """Back to the defaults, under More too."""
        self.more = {}
        super().action_defaults()
        self.edited("more")

    def action_show_more(self) -> None:
        """Open the screen of the rarer settings."""
        self.app.push_screen(self.more_screen(), self._take_more)

    def _take_more(self, more: Draft | None) -> None:
        if more is not None and more != self.more:
            self.more = more
            self.edited("more")


def more_text(draft: Draft) -> str:
    """What was entered there, for a border title; empty if nothing was."""
    words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in draft.items())
    return f"f8: {words}" if words else ""
