"""What leads from the intersect form elsewhere: rows without a match, known sets, the end of the axis."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from mtui.model.population import Population
from mtui.model.species import Species
from mtui.tui.comparison import Comparison
from mtui.tui.screens import intersect_fields
from mtui.tui.screens.more import FormWithMore
from mtui.tui.screens.unmatched import UnmatchedScreen
from mtui.tui.screens.versions import VersionsScreen
from mtui.tui.widgets.histogram import Histogram


class IntersectActions(FormWithMore):
    """The keys of the form beyond its fields."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "zoom", "Zoom", id="intersect.zoom"),
        Binding("f4", "show_unmatched", "Unmatched", id="intersect.unmatched"),
        Binding("f7", "choose_known", "Versions", id="intersect.known"),
        Binding("f8", "show_more", "More", id="form.more"),
    ]

    _population: Population
    _species: Species
    _comparison: Comparison | None

    def action_show_unmatched(self) -> None:
        """List rows that could not be matched."""
        if self._comparison is not None and self._comparison.unmatched:
            self.app.push_screen(UnmatchedScreen(self._comparison))
        else:
            self.remark(
                "Every row names a tilt series of the selected sources."
                if self._comparison
                else "No set yet."
            )

    def action_choose_known(self) -> None:
        """Choose an earlier version of this species, or another species, as the new set."""
        others = [entry for entry in self._population.valid_species if entry.guid != self._species.guid]
        screen = VersionsScreen(self._population.path, self._species, others)
        self.app.push_screen(screen, self._take_known)

    def _take_known(self, chosen: str | None) -> None:
        if chosen:
            path = chosen if chosen.endswith(".species") else str(self._species.versions_folder / chosen)
            intersect_fields.take_m_table(self, path)

    def action_zoom(self) -> None:
        """Change the end of the axis."""
        self.query_one(Histogram).toggle_zoom()
