"""Fields of a form: label, value between brackets, unit; each knows what is wrong with its value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup
from textual.events import Key
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
        &:ansi:disabled { text-style: dim; }
    }
    """

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False

    async def _on_key(self, event: Key) -> None:
        """Do what a key of this input does in its turn.

        Textual takes characters at once, but looks up other keys after they went through the screen, which
        may be busy; then what was typed after ``ctrl+u`` would be deleted by it.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if not self.check_consume_key(event.key, event.character):
                event.stop()
                event.prevent_default()
                await self.run_action(binding.action)
                return
        await super()._on_key(event)


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


class ChoiceInput(FieldInput):
    """An input for one of a few words, which the arrows go through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "turn(-1)", "Choices", key_display="up/down", id="choice.up"),
        Binding("down", "turn(1)", "Next choice", show=False, id="choice.down"),
    ]

    def __init__(self, value: str, choices: tuple[str, ...], *, id: str | None = None) -> None:
        super().__init__(value, id=id)
        self._choices = ("", *choices)

    def action_turn(self, count: int) -> None:
        """The next or the previous word; from any other text the first."""
        place = self._choices.index(self.value) if self.value in self._choices else 0
        self.value = self._choices[(place + count) % len(self._choices)]
        self.cursor_position = len(self.value)


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
    note_columns = 0
    """Columns kept free for a note that comes later, which would have the form laid out and drawn again."""

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
        """Label, entry, tail; with their widths, so that the form is laid out once."""
        head, tail = self._around()
        yield _sized_line(head, "head")
        yield self.entry
        yield _sized_line(tail, "tail", self.note_columns)

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
        for selector, spans in zip((".head", ".tail"), self._around(), strict=True):
            lines = self.query_one(selector, Lines)
            width = max(len(text_of(spans)), self.note_columns if selector == ".tail" else 0)
            if lines.styles.width is None or lines.styles.width.value != width:
                lines.styles.width = width
            lines.set_lines([spans])

    def _around(self) -> tuple[Line, Line]:
        """What stands before and behind the input."""
        tone: Tone = "error" if self.problem else "quiet" if self.disabled else "plain"
        mark = "!" if tone == "error" else " "
        note = f" {self.option.unit} {self.note}".rstrip()
        return ((f"{mark}{self._label}[ ", tone),), ((" ]", tone), (note, "quiet"))

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


class TextField(Field):
    """A field for text, or for one of the option's choices; empty where it is left to mtui."""

    def __init__(
        self, name: str, option: Option, value: str = "", *, width: int = 40, label_width: int = 0
    ) -> None:
        id = name.replace("_", "-")
        entry = ChoiceInput(value, option.choices, id=id) if option.choices else FieldInput(value, id=id)
        entry.styles.width = width
        super().__init__(name, option, entry, label_width=label_width)

    def find_problem(self) -> str | None:
        """A word that is none of the choices."""
        text, choices = self.text.strip(), self.option.choices
        if not text or not choices or text in choices:
            return None
        return f"{self.option.label}: {text!r} is none of {', '.join(choices)}."

    @property
    def hint(self) -> str:
        """The choices, then what the field does."""
        words = ", ".join(self.option.choices)
        return f"{words}. {self.option.help}" if words else self.option.help


class NumbersField(TextField):
    """A field for whole numbers with commas between them; empty where it is left to mtui."""

    @property
    def numbers(self) -> tuple[int, ...] | None:
        """The numbers typed, or ``None``."""
        words = [word.strip() for word in self.text.split(",") if word.strip()]
        return tuple(int(word) for word in words) if words and not self.find_problem() else None

    def find_problem(self) -> str | None:
        """Something that is no whole number."""
        wrong = [word for word in self.text.split(",") if word.strip() and not word.strip().isdecimal()]
        return f"{self.option.label}: {wrong[0].strip()!r} is not a whole number." if wrong else None


def _sized_line(spans: Line, part: str, columns: int = 0) -> Lines:
    lines = Lines([spans], classes=part)
    lines.styles.width = max(len(text_of(spans)), columns)
    return lines


def _comma_remark(text: str) -> str:
    return "; decimals are written with a point" if "," in text else ""
