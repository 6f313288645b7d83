"""The data sources of a population."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.widget import Widget

from mtui.jobs.wording import plural
from mtui.model.population import BrokenEntry, Population
from mtui.model.source import DataSource
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.text import fit_left, shorten_middle, wrap
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.rows import Row, RowList

NAME_COLUMNS = 20


class SourcesScreen(FrameScreen[None]):
    """Name, tilt series, pixel size and folder of each source."""

    TITLE = "Sources"
    HELP = "The data sources: which tilt series the population consists of. A damaged source shows ! and why."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back", "Back", show=False, id="sources.back")]

    def __init__(self, population: Population) -> None:
        super().__init__()
        self._population = population
        self._entries = {str(entry.path): entry for entry in population.sources}

    def compose_body(self) -> Iterable[Widget]:
        """List, and details of the source under the cursor."""
        with Vertical(id="panel") as panel:
            panel.border_title = f"Sources ({len(self._entries)})"
            yield Lines(id="header")
            yield RowList(empty="The population has no sources.", opens=False, id="list")
        with Vertical(id="about"):
            yield Lines(id="details")

    def show_title(self) -> None:
        """Where I am."""
        self.set_title(f"mtui  {self._population.path} > Sources")

    def on_resize(self, event: Resize) -> None:
        """Fit the columns into the window."""
        super().on_resize(event)
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        rows = self.query_one(RowList)
        header = f"  {'Name':<{NAME_COLUMNS}}{'Tilt series':>12}{'Å/px':>10}  Folder"
        self.query_one("#header", Lines).set_lines([line(header, "quiet")])
        rows.set_rows([self._row(entry, rows.size.width) for entry in self._population.sources])
        self._draw_details()

    def _row(self, entry: DataSource | BrokenEntry, width: int) -> Row:
        key = str(entry.path)
        if isinstance(entry, BrokenEntry):
            return Row(key, line(shorten_middle(f"! {entry.path}", width - 2), "error"))
        text = f"{fit_left(entry.name, NAME_COLUMNS)}{len(entry.files):>12,}{entry.angpix:>10.4f}  "
        return Row(key, line(text + shorten_middle(str(entry.folder), width - 2 - len(text))))

    @on(RowList.Moved)
    def _draw_details(self) -> None:
        lines = self.query_one("#details", Lines)
        entry = self._entries.get(self.query_one(RowList).key or "")
        if entry is None:
            return
        if isinstance(entry, BrokenEntry):
            texts = wrap(f"! {entry.error.message}", lines.size.width) + wrap(
                entry.error.hint, lines.size.width
            )
        else:
            edges = " x ".join(f"{edge:g}" for edge in entry.volume_ang)
            texts = [
                str(entry.path),
                f"{plural(len(entry.files), 'tilt series', 'tilt series')}, {entry.angpix} Å/px unbinned, "
                f"volume {edges} Å",
            ]
        lines.set_lines([line(text) for text in texts])
