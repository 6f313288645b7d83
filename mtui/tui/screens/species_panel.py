"""The list of species with its filter, and the details of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.timer import Timer

from mtui.model.population import BrokenEntry
from mtui.model.species import Species
from mtui.tui.screens.species_view import (
    Count,
    details,
    filtered,
    key_of,
    list_header,
    species_row,
)
from mtui.tui.species_numbers import NumbersReader, SpeciesNumbers
from mtui.tui.widgets.filter_line import FilterInput, FilterLine
from mtui.tui.widgets.lines import Lines
from mtui.tui.widgets.panel import set_title
from mtui.tui.widgets.rows import RowList

Entry = Species | BrokenEntry
SETTLE_S = 0.15
"""How long the cursor rests before the details follow: a held key must not read twenty tables."""


class SpeciesList(RowList):
    """A list whose rows lead to operations."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Operations", key_display="enter", id="population.operations"),
    ]


class SpeciesPanel(Horizontal):
    """Shows the species it is given, and reads the numbers of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="population.filter"),
    ]

    def __init__(self, numbers: NumbersReader) -> None:
        super().__init__()
        self._reader = numbers
        self._settling: Timer | None = None
        self._entries: Sequence[Entry] = ()
        self._counts: dict[str, Count] = {}
        self._numbers: dict[str, SpeciesNumbers | str] = {}

    def compose(self) -> ComposeResult:
        """List on the left, details on the right."""
        with Vertical(id="species") as left:
            left.border_title = "Species"
            yield Lines(id="header")
            yield SpeciesList(empty="reading...", id="list")
            yield FilterLine()
        with Vertical(id="about") as right:
            # The name is the first line, not the title: a new title would draw the whole panel again.
            right.border_title = "Details"
            yield Lines(id="details")

    @property
    def entry(self) -> Entry | None:
        """The species under the cursor."""
        key = self.query_one(RowList).key
        return next((entry for entry in self._entries if key_of(entry) == key), None)

    def count_of(self, entry: Entry) -> Count:
        """Particles of an entry as far as they are known."""
        return self._counts.get(key_of(entry), Count())

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these species."""
        self._entries = entries
        set_title(self.query_one("#species"), f"Species ({len(entries)})")
        self._draw_rows()

    def set_count(self, entry: Entry, count: Count) -> None:
        """Show the number of particles of a species."""
        self._counts[key_of(entry)] = count
        self._draw_rows()

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one(FilterLine).begin()

    def _draw_rows(self) -> None:
        rows = self.query_one(RowList)
        shown = filtered(self._entries, self.query_one(FilterLine).text)
        width = rows.size.width
        self.query_one("#header", Lines).set_lines([list_header(width)])
        empty = "No species fits the filter." if self._entries else "The population has no species."
        rows.set_rows([species_row(entry, self.count_of(entry), width) for entry in shown], empty)

    @on(RowList.Moved)
    def _moved(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self.follow_cursor)

    def follow_cursor(self) -> None:
        """Show the details of the species under the cursor, and read its numbers."""
        self._draw_details()
        if isinstance(self.entry, Species):
            self.run_worker(self._read_numbers(self.entry), group="numbers", exclusive=True)

    async def _read_numbers(self, species: Species) -> None:
        self._numbers[key_of(species)] = await self._reader.read(species)
        self._draw_details()

    def _draw_details(self) -> None:
        lines, entry = self.query_one("#details", Lines), self.entry
        if entry is None:
            lines.set_lines([])
            return
        numbers = self._numbers.get(key_of(entry), "...")
        lines.set_lines(details(entry, self.count_of(entry), numbers, lines.size.width))

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self._draw_rows()

    @on(FilterInput.Left)
    def _filter_left(self) -> None:
        self.query_one(RowList).focus()

    def on_resize(self, event: Resize) -> None:
        """Fit columns and paths into the new width."""
        self.call_after_refresh(self._draw_rows)
        self.call_after_refresh(self._draw_details)
