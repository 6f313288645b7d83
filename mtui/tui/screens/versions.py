"""The versions of a species, to go back to one or to compare with one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from mtui.model.species import Species
from mtui.tui.attending import attend
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.versions import ListedVersion, VersionsError, list_in_child
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.rows import Row, RowList


class VersionsScreen(FrameScreen[str | None]):
    """A list of versions, and of other species where they may be chosen too; gives the chosen one's key.

    The key is the name of a version, or the path of another species' file.
    """

    TITLE = "Versions"
    HELP = (
        "Each change of the particles made a version; its table stays in the versions folder. enter chooses "
        "one. The list begins with the current version and goes back in time."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back", "Back", show=False, id="versions.back")]

    def __init__(self, population: Path, species: Species, others: Sequence[Species] = ()) -> None:
        super().__init__()
        self._population = population
        self._species = species
        self._others = others

    def compose_body(self) -> Iterable[Widget]:
        """One list below its header."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Versions"
            yield Lines(id="header")
            yield RowList(empty="reading...", id="list")

    async def on_mount(self) -> None:
        """Fill the list from a child process."""
        attend(self, self._fill, "versions")

    def show_title(self) -> None:
        """Where I am."""
        self.set_title(f"{self._species.name} > Versions")

    async def _fill(self) -> None:
        header = f"    {'Version':<14}{'Particles':>12}  {'Written':<18}{'Version before'}"
        self.query_one("#header", Lines).set_lines([line(header, "quiet")])
        try:
            versions = await list_in_child(self._population, self._species)
        except VersionsError as error:
            versions = ()
            self.remark(str(error), "error")
        rows = [Row(entry.name, line(_version_text(entry))) for entry in versions]
        rows += [Row(str(other.path), line(f"  species {other.name}")) for other in self._others]
        self.query_one(RowList).set_rows(rows, empty="The species has no versions.")

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(event.key)

    def action_back(self) -> None:
        """Choose none."""
        self.dismiss(None)


def _version_text(entry: ListedVersion) -> str:
    mark = "*" if entry.is_current else " "
    before = entry.previous or "none"
    return f"{mark} {entry.name:<14}{entry.particles:>12,}  {entry.written:<18}{before}"
