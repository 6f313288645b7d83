"""Fields of a form: label, value between brackets, unit; each knows what is wrong with its value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup
from textual.message import Message
from textual.widgets import Input

from mtui.settings import Option, problem_of
from mtui.tui.widgets.lines import Line, Lines, Tone, text_of


class FieldInput(Input, inherit_bindings=False):
    """An input that sends nothing while idle and never loses its text to a stray character."""

    BINDINGS: ClassVar[list[BindingType]] = [*Input.BINDINGS]
    """Those of Input alone: it inherits keys for scrolling, which would keep up and down from the form."""

    DEFAULT_CSS = """
    FieldInput {
        &:focus { background-tint: $foreground 0%; text-style: bold; }
        & > .input--cursor { background: $foreground; color: $background; text-style: none; }
        &:ansi > .input--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
        &:disabled { color: $role-quiet; }
    }
    """

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False


class NumberInput(FieldInput):
    """An input whose number the arrows step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "Step", key_display="up/down", id="number.up"),
        Binding("down", "step(-1)", "Step down", show=False, id="number.down"),
        Binding("pageup", "step(10)", "Ten steps up", show=False, id="number.page-up"),
        Binding("pagedown", "step(-10)", "Ten steps down", show=False, id="number.page-down"),
    ]

    def __init__(self, value: str, option: Option, *, id: str | None = None) -> None:
        super().__init__(value, id=id)
        self.option = option
        self.ceiling: float | None = None
        """A largest value that the data sets, below the option's own."""

    def action_step(self, count: int) -> None:
        """Change the number by the option's step, kept inside its range; text that is no number stays."""
        number = parse_number(self.value)
        if number is None or self.option.step is None:
            return
        step = Decimal(str(self.option.step))
        start = number // step * step if self.option.even else number
        self.value = f"{self._inside(start + count * step):f}"
        self.cursor_position = len(self.value)

    def _inside(self, number: Decimal) -> Decimal:
        for limit in (self.option.maximum, self.ceiling):
            number = number if limit is None else min(number, Decimal(str(limit)))
        lowest = self.option.minimum
        return number if lowest is None else max(number, Decimal(str(lowest)))


def parse_number(text: str) -> Decimal | None:
    """The number in a text, or ``None``."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class Field(HorizontalGroup):
    """A label with the mark of a problem, an input between brackets, a unit, a note."""

    DEFAULT_CSS = """
    Field {
        width: auto;
        height: 1;
        & > Lines { height: 1; }
    }
    """

    @dataclass
    class Edited(Message):
        """The text of a field changed."""

        field: Field

    @dataclass
    class Entered(Message):
        """Enter was pressed in a field whose form is done then."""

        field: Field

    enter_moves = True
    """Whether enter goes to the next field."""

    def __init__(
        self, name: str, option: Option, entry: FieldInput, *, label: str | None = None, label_width: int = 0
    ) -> None:
        super().__init__(id=f"field-{name.replace('_', '-')}")
        self.option_name = name
        self.option = option
        self.entry = entry
        self.note = ""
        words = option.label if label is None else label
        self._label = f"{words} ".ljust(label_width) if words else ""

    def compose(self) -> ComposeResult:
        """Label, entry, tail."""
        yield Lines(classes="head")
        yield self.entry
        yield Lines(classes="tail")

    def on_mount(self) -> None:
        """Write label and tail."""
        self.redraw()

    @property
    def text(self) -> str:
        """What was typed."""
        return self.entry.value

    @text.setter
    def text(self, text: str) -> None:
        self.entry.value = text

    @property
    def problem(self) -> str | None:
        """What is wrong with the value, in a sentence; a disabled field has no problem."""
        return None if self.disabled else self.find_problem()

    def find_problem(self) -> str | None:
        """What is wrong with the value, whether the field is enabled or not."""
        return None

    @property
    def hint(self) -> str:
        """What the field takes and does, for the message line."""
        return self.option.help

    def set_note(self, note: str) -> None:
        """Show a remark behind the unit."""
        if note != self.note:
            self.note = note
            self.redraw()

    def watch_disabled(self, disabled: bool) -> None:
        """Grey what is written around the input too."""
        super().watch_disabled(disabled)
        if self.is_mounted:
            self.redraw()

    def redraw(self) -> None:
        """Write what stands around the input; lines, since a changed label would lay out the form again."""
        tone: Tone = "error" if self.problem else "quiet" if self.disabled else "plain"
        mark = "!" if tone == "error" else " "
        parts: tuple[tuple[str, Line], ...] = (
            (".head", ((f"{mark}{self._label}[ ", tone),)),
            (".tail", ((" ]", tone), (f" {self.option.unit} {self.note}".rstrip(), "quiet"))),
        )
        for selector, spans in parts:
            lines = self.query_one(selector, Lines)
            width = len(text_of(spans))
            if lines.styles.width is None or lines.styles.width.value != width:
                lines.styles.width = width
            lines.set_lines([spans])

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.enter_moves:
            self.screen.focus_next()
        else:
            self.post_message(self.Entered(self))

    @on(Input.Changed)
    def _text_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.redraw()
        self.post_message(self.Edited(self))


class NumberField(Field):
    """A field for a number in the option's range; empty only where the option may be left out."""

    def __init__(
        self,
        name: str,
        option: Option,
        value: str = "",
        *,
        width: int = 8,
        label: str | None = None,
        label_width: int = 0,
        integer: bool = False,
        optional: bool = False,
    ) -> None:
        entry = NumberInput(value, option, id=name.replace("_", "-"))
        entry.styles.width = width
        super().__init__(name, option, entry, label=label, label_width=label_width)
        self.integer = integer
        self.optional = optional

    @property
    def number(self) -> Decimal | None:
        """The number typed, or ``None``."""
        return parse_number(self.text)

    def find_problem(self) -> str | None:
        """Not a number, not whole, or outside the range."""
        if not self.text.strip():
            return None if self.optional else f"{self.option.label}: a number is missing."
        number = self.number
        if number is None:
            return f"{self.option.label}: {self.text!r} is not a number{_comma_remark(self.text)}."
        if self.integer and number != int(number):
            return f"{self.option.label}: {self.text} must be a whole number."
        return problem_of(self.option, int(number) if self.integer else number)

    @property
    def hint(self) -> str:
        """Range, then what the field does."""
        option = self.option
        if option.minimum is None or option.maximum is None:
            return option.help
        even = ", even" if option.even else ""
        unit = f" {option.unit}" if option.unit else ""
        return f"{option.minimum:g} to {option.maximum:g}{unit}{even}. {option.help}"


def _comma_remark(text: str) -> str:
    return "; decimals are written with a point" if "," in text else ""
