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
from mtui.tui.screens.species_details import SpeciesDetails
from mtui.tui.screens.species_view import Count, filtered, key_of, list_header, species_row
from mtui.tui.species_numbers import NumbersReader
from mtui.tui.terminal import Terminal
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
        Binding("v", "turn_page(1)", "View", id="population.view"),
        Binding("V", "turn_page(-1)", "View before", show=False, id="population.view-before"),
    ]

    def __init__(self, numbers: NumbersReader, terminal: Terminal) -> None:
        super().__init__()
        self._details = SpeciesDetails(numbers, terminal)
        self._settling: Timer | None = None
        self._entries: Sequence[Entry] = ()
        self._counts: dict[str, Count] = {}

    def compose(self) -> ComposeResult:
        """List on the left, details on the right."""
        with Vertical(id="species") as left:
            left.border_title = "Species"
            yield Lines(id="header")
            yield SpeciesList(empty="reading...", id="list")
            yield FilterLine()
        yield self._details

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
        self._details.forget()
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
        # Counted from when the cursor is seen there: on a busy machine it may take a while to be drawn.
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self.follow_cursor)

    def action_turn_page(self, count: int) -> None:
        """Show the next page of the details, or the one before."""
        self._details.turn_page(count)

    def follow_cursor(self) -> None:
        """Show the page of the species under the cursor, and read what it needs."""
        entry = self.entry
        self._details.follow(entry, Count() if entry is None else self.count_of(entry))

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self._draw_rows()

    @on(FilterInput.Left)
    def _filter_left(self) -> None:
        # Not focus(), which draws all of it again.
        self.screen.set_focus(self.query_one(RowList), scroll_visible=False)

    def on_resize(self, event: Resize) -> None:
        """Fit columns into the new width."""
        self.call_after_refresh(self._draw_rows)
