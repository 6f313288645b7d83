"""What can be done with the particles of a species."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mtui.tui.launch import Launch
from mtui.tui.screens.species_view import Count
from mtui.tui.text import wrap
from mtui.tui.widgets.bars import KeyLine
from mtui.tui.widgets.lines import Lines, Tone, line
from mtui.tui.widgets.rows import Row, RowList


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the menu."""

    key: str
    """The letter that chooses it; it never changes."""
    name: str
    label: str
    about: str
    reason: str = ""
    """Why it cannot be used here; empty if it can."""


INTERSECT = Operation(
    "i",
    "intersect",
    "Intersect with another particle set...",
    "Compare with particles from another M or RELION .star file and keep only-old, common and/or only-new "
    "ones. Writes a new species version.",
)
EXPORT = Operation(
    "e",
    "export",
    "Export sub-tomograms...",
    "Cut the particles out of the tilt images along their refined trajectories and write them with 3D CTFs "
    "and a RELION .star file.",
)
VERSIONS = Operation(
    "v",
    "versions",
    "Go back to another version...",
    "Make the particles of an earlier version current again. The present ones stay in the versions folder.",
)

ABOUT_COLUMNS = 71
OPERATIONS = (INTERSECT, EXPORT, VERSIONS)


def operations_for(count: Count, launch: Launch) -> tuple[Operation, ...]:
    """The menu for a species with so many particles; nothing that writes when only looking."""
    return tuple(replace(operation, reason=_reason(count, launch)) for operation in OPERATIONS)


def _reason(count: Count, launch: Launch) -> str:
    if launch.readonly:
        return "mtui was started with --readonly."
    if count.number is None:
        return count.problem or "The particles are still being counted."
    return "" if count.number else "The species has no particles."


class OperationsScreen(ModalScreen[str | None]):
    """A menu over the population; gives the name of the chosen operation."""

    TITLE = "Operations"
    HELP = "Choose an operation with enter or with its letter. Entries that cannot be used say why."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back", key_display="esc", id="operations.back"),
        Binding("i", "pick('intersect')", "Intersect", id="operations.intersect"),
        Binding("e", "pick('export')", "Export", id="operations.export"),
        Binding("v", "pick('versions')", "Versions", id="operations.versions"),
    ]

    def __init__(self, title: str, operations: Sequence[Operation]) -> None:
        super().__init__()
        self._title = title
        self._operations = {operation.name: operation for operation in operations}

    def compose(self) -> ComposeResult:
        """Entries, and what the one under the cursor does."""
        with Vertical(id="menu") as menu:
            menu.border_title = self._title
            yield RowList(id="entries")
            yield Static(classes="rule")
            yield Lines(id="about")
        yield KeyLine()

    def on_mount(self) -> None:
        """Fill the menu."""
        self.query_one(RowList).set_rows([self._row(entry) for entry in self._operations.values()])

    def _row(self, entry: Operation) -> Row:
        label = f"{entry.label}  (not available)" if entry.reason else entry.label
        tone: Tone = "quiet" if entry.reason else "plain"
        return Row(entry.name, ((f"{entry.key}  ", "key"), (label, tone)))

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if event.key is not None:
            self._explain(self._operations[event.key])

    def _explain(self, entry: Operation) -> None:
        """Why the entry cannot be used, else what it does."""
        about = self.query_one("#about", Lines)
        text = f"! {entry.reason}" if entry.reason else entry.about
        about.set_lines([line(part) for part in wrap(text, ABOUT_COLUMNS)])

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.action_pick(event.key)

    def action_pick(self, name: str) -> None:
        """Choose an operation, or say why it cannot be used."""
        operation = self._operations[name]
        if operation.reason:
            self._explain(operation)
        else:
            self.dismiss(name)
