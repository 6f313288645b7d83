"""The details of the species under the cursor, in pages."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize

from mtui.model.population import BrokenEntry
from mtui.model.species import Species
from mtui.tui.attending import attend
from mtui.tui.screens.species_pages import (
    PAGES,
    Canvas,
    files_of,
    heading_line,
    slices_pictures,
    view_lines,
)
from mtui.tui.screens.species_view import Count, details, key_of
from mtui.tui.species_numbers import NumbersReader, SpeciesNumbers
from mtui.tui.terminal import Terminal
from mtui.tui.views import Kind, SlicesView, View, ViewReader
from mtui.tui.widgets.lines import line
from mtui.tui.widgets.picture_lines import PictureLines
from mtui.tui.widgets.pictures import Picture

LONG_S = 2
"""From then on a page that is being computed says for how long."""


class SpeciesDetails(Vertical):
    """Shows the page of an entry that was turned to, and reads what it needs."""

    def __init__(self, numbers: NumbersReader, terminal: Terminal) -> None:
        super().__init__(id="about")
        self._reader = numbers
        self._terminal = terminal
        self._views = ViewReader()
        self._entry: Species | BrokenEntry | None = None
        self._count = Count()
        self._page = 0
        self._view: tuple[str, Kind, View | str] | None = None
        self._waited_s = 0
        self._numbers: dict[str, SpeciesNumbers | str] = {}

    def compose(self) -> ComposeResult:
        """Lines."""
        # The name is the first line, not the title: a new title would draw the whole panel again.
        self.border_title = "Details"
        yield PictureLines(self._terminal.graphics, id="details")

    def forget(self) -> None:
        """Files may have changed; the readers know whether they did, and answer at once where not."""
        self._numbers, self._view = {}, None

    def turn_page(self, count: int) -> None:
        """Show the next page, or the one before."""
        self._page = (self._page + count) % len(PAGES)
        self.follow(self._entry, self._count)

    def follow(self, entry: Species | BrokenEntry | None, count: Count) -> None:
        """Show an entry, and read what its page needs."""
        self._entry, self._count = entry, count
        self.draw()
        kind = PAGES[self._page].kind
        if not isinstance(entry, Species):
            return
        work = partial(self._read_numbers, entry) if kind is None else partial(self._read_view, entry, kind)
        attend(self, work, "numbers")

    async def _read_numbers(self, species: Species) -> None:
        self._numbers[key_of(species)] = await self._reader.read(species)
        self.draw()

    async def _read_view(self, species: Species, kind: Kind) -> None:
        self._waited_s = 0
        waiting = self.set_interval(1.0, self._wait_on)
        try:
            view = await self._views.read(kind, species.path, files_of(species, kind))
        finally:
            waiting.stop()
        self._view = (key_of(species), kind, view)
        self.draw()

    def _wait_on(self) -> None:
        """Show for how long a page has been computed."""
        self._waited_s += 1
        self.draw()

    def draw(self) -> None:
        """Draw the page with what is known."""
        lines, entry = self.query_one("#details", PictureLines), self._entry
        if entry is None:
            lines.show([], ())
            return
        width, kind = lines.size.width, PAGES[self._page].kind
        pictures: list[Picture] = []
        if isinstance(entry, BrokenEntry) or kind is None:
            numbers = self._numbers.get(key_of(entry), "...")
            shown = details(entry, self._count, numbers, width)
        else:
            canvas = Canvas(width, lines.size.height - 1, self._terminal)
            view = self._view_of(entry, kind)
            shown = [line(), *view_lines(entry, view, canvas)]
            if isinstance(view, SlicesView):
                pictures = slices_pictures(view, canvas, top=1)
        if isinstance(entry, Species):
            shown = [heading_line(entry.name, self._page, width), *shown[1:]]
        lines.show(shown, pictures)

    def _view_of(self, entry: Species, kind: Kind) -> View | str:
        """What was read for a page, or that it is being read."""
        if self._view is not None and self._view[:2] == (key_of(entry), kind):
            return self._view[2]
        return f"computing... {self._waited_s} s" if self._waited_s >= LONG_S else "computing..."

    def on_resize(self, event: Resize) -> None:
        """Fit paths and pictures into the new size."""
        self.call_after_refresh(self.draw)
