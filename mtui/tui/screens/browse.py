"""Choose a file from a list, folder by folder."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from mtui.tui.attending import attend
from mtui.tui.paths import Listing, expand_path, list_folder
from mtui.tui.text import shorten_middle
from mtui.tui.widgets.bars import KeyLine
from mtui.tui.widgets.filter_line import FilterInput, FilterLine
from mtui.tui.widgets.lines import line
from mtui.tui.widgets.rows import Row, RowList

SHOWN_ROWS = 5000
"""Rows of a folder that are listed; the filter finds the others."""
UP = ".."


class BrowseScreen(ModalScreen[str | None]):
    """Folders and fitting files; gives the path that was chosen."""

    TITLE = "Browse"
    HELP = "enter opens a folder or takes a file; / narrows the list; backspace goes to the folder above."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back", key_display="esc", id="browse.back"),
        Binding("slash", "filter", "Filter", key_display="/", id="browse.filter"),
        Binding("backspace,left", "up", "Folder above", key_display="backspace", id="browse.up"),
    ]

    def __init__(self, start: str, suffixes: tuple[str, ...]) -> None:
        super().__init__()
        self._start = start
        self._suffixes = suffixes
        self._listing = Listing(Path(), (), ())

    def compose(self) -> ComposeResult:
        """One list."""
        with Vertical(id="window"):
            yield RowList(empty="reading...", id="list")
            yield FilterLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin where the typed path is."""
        start = expand_path(self._start)
        self._go(start if self._start.endswith("/") or not self._start else start.parent)

    def _go(self, folder: Path, then: str = "") -> None:
        attend(self, partial(self._list, folder, then), "browse")

    async def _list(self, folder: Path, then: str) -> None:
        """Read a folder in a thread; lab file systems are slow."""
        self._listing = await asyncio.to_thread(_list_nearest, folder, self._suffixes)
        title = shorten_middle(str(self._listing.folder), self.size.width - 8)
        self.query_one("#window").border_title = title
        with self.prevent(FilterLine.Changed):
            self.query_one(FilterInput).value = ""
        self._draw(f"{then}/" if then else None)
        self.query_one(RowList).focus()

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self._draw(None)

    def _draw(self, select: str | None) -> None:
        words = self.query_one(FilterLine).text
        names = [UP, *(f"{name}/" for name in self._listing.folders), *self._listing.files]
        shown = [name for name in names if words in name.lower()][:SHOWN_ROWS]
        empty = self._listing.problem or "Nothing here fits."
        self.query_one(RowList).set_rows([Row(name, line(name)) for name in shown], empty, select)

    @on(FilterInput.Left)
    def _filter_left(self) -> None:
        self.query_one(RowList).focus()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.key == UP:
            self.action_up()
        elif event.key.endswith("/"):
            self._go(self._listing.folder / event.key)
        else:
            self.dismiss(str(self._listing.folder / event.key))

    def action_up(self) -> None:
        """Go to the folder above, with the cursor on the one that was left."""
        self._go(self._listing.folder.parent, self._listing.folder.name)

    def action_filter(self) -> None:
        """Narrow the list."""
        self.query_one(FilterLine).begin()


def _list_nearest(folder: Path, suffixes: tuple[str, ...]) -> Listing:
    """What is in a folder, or in the nearest one above it that exists."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return list_folder(folder, suffixes)
