"""Rows of the new table that name no tilt series of the selected sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from mtui.tui.comparison import Comparison
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.widgets.lines import line
from mtui.tui.widgets.rows import Row, RowList


class UnmatchedScreen(FrameScreen[None]):
    """Examples from both sides."""

    TITLE = "Not matched"
    HELP = (
        "Rows whose tilt series is in no selected source are left out. If the names should match, the "
        "examples show how the table writes them and how the sources do."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back", "Back", show=False, id="unmatched.back")]

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self._comparison = comparison

    def compose_body(self) -> Iterable[Widget]:
        """One list."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Not matched"
            yield RowList(opens=False, id="list")

    def on_mount(self) -> None:
        """Fill the list."""
        texts = self._comparison.unmatched
        self.query_one(RowList).set_rows([Row(str(index), line(text)) for index, text in enumerate(texts)])
        left_out = self._comparison.n_rows - self._comparison.n_new
        self.remark(f"{left_out:,} rows name tilt series that are in no selected source; they are left out.")

    def show_title(self) -> None:
        """Where I am."""
        self.set_title("Intersect > Not matched")
