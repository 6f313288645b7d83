"""All keys that work now, and a paragraph about the field with the focus."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from mtui.tui.keys import is_typed, key_name
from mtui.tui.widgets.bars import KeyLine


class HelpScreen(ModalScreen[None]):
    """Keys of the screen below, the keys that work everywhere, and the focused field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark", "dismiss", "Close", key_display="esc", id="help.close"),
        Binding("up,k", "scroll(-1)", "Scroll", key_display="up/down", id="help.up"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("pageup", "scroll(-15)", "Page up", show=False, id="help.page-up"),
        Binding("pagedown", "scroll(15)", "Page down", show=False, id="help.page-down"),
    ]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self._title = f"Help: {below.title or 'mtui'}"
        self._sections = help_sections(below)

    def compose(self) -> ComposeResult:
        """One block per section."""
        with VerticalScroll(id="page", can_focus=False) as page:
            page.border_title = self._title
            for heading, body in self._sections:
                yield Static(heading, classes="heading", markup=False)
                yield Static(body, markup=False)
        yield KeyLine()

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.query_one("#page").scroll_relative(y=rows, animate=False)


def help_sections(below: Screen[Any]) -> list[tuple[str, str]]:
    """Heading and text: the focused field, the screen, its keys, the field's, those that work everywhere."""
    sections = [about] if (about := help_of(below.focused)) else []
    if purpose := getattr(below, "HELP", ""):
        sections.append(("About this screen", purpose))
    keys = described_keys(below)
    for heading, owners in (
        ("Keys here", (below,)),
        ("Keys of the field or list", ()),
        ("Keys everywhere", (below.app,)),
    ):
        lines = [
            f"{', '.join(names):<24} {description}"
            for (description, _), (names, owner) in keys.items()
            if (owner in owners if owners else owner not in (below, below.app))
        ]
        sections.append((heading, "\n".join(lines)))
    return [(heading, text) for heading, text in sections if text]


def described_keys(below: Screen[Any]) -> dict[tuple[str, str], tuple[list[str], DOMNode]]:
    """Keys and owner by description and action, for every binding that works now and has a description."""
    grouped: dict[tuple[str, str], tuple[list[str], DOMNode]] = {}
    in_field = isinstance(below.focused, Input)
    for active in below.active_bindings.values():
        binding = active.binding
        if not binding.description or binding.system or not active.enabled:
            continue
        if not (in_field and is_typed(binding.key)):
            names, _ = grouped.setdefault((binding.description, binding.action), ([], active.node))
            names.append(key_name(binding.key))
    return grouped


def help_of(widget: Widget | None) -> tuple[str, str] | None:
    """Name and help of the option that the focused widget sets."""
    node = widget
    while isinstance(node, Widget):
        option = getattr(node, "option", None)
        if option is not None and option.help:
            return option.label, option.help
        node = node.parent if isinstance(node.parent, Widget) else None
    return None
