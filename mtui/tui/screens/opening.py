"""Which screen is first: the population that was named, the only one in the folder, or a choice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from mtui.settings import IntersectSettings, options
from mtui.tui.launch import Launch
from mtui.tui.paths import expand_path
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.screens.population import PopulationScreen
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.lines import line
from mtui.tui.widgets.path_field import PathField, PathInput
from mtui.tui.widgets.rows import Row, RowList


def opening_screen(population: Path | None, launch: Launch) -> Screen[None]:
    """The first screen; a folder stands for the only population in it."""
    if population is not None and not population.is_dir():
        return PopulationScreen(population, launch)
    found = sorted((population or Path()).glob("*.population"))
    if len(found) == 1:
        return PopulationScreen(found[0], launch)
    return ChooseScreen(found, launch)


class ChooseScreen(FrameScreen[None]):
    """Choose a population from the current folder or by its path."""

    TITLE = "Open a population"
    HELP = "Choose one of the populations of this folder, or type the path of a .population file."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", id="choose.quit")]

    def __init__(self, found: list[Path], launch: Launch) -> None:
        super().__init__()
        self._found = found
        self._launch = launch

    def compose_body(self) -> Iterable[Widget]:
        """The populations found, a path, the demo."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Open a population"
            yield RowList(empty="There is no .population file in this folder.", id="found")
            field = PathField(
                "population", options(IntersectSettings)["population"], suffixes=(".population",)
            )
            field.enter_moves = False
            yield field
            yield Static("  For a project to try things on, run: mtui demo FOLDER", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        rows = self.query_one(RowList)
        rows.set_rows([Row(str(path), line(str(path))) for path in self._found])
        (rows if self._found else self.query_one(PathInput)).focus()
        self.remark("enter opens a population.")

    def show_title(self) -> None:
        """Where I am."""
        self.set_title("mtui")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing behind the first screen."""
        return action != "back"

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self._open(Path(event.key))

    @on(Field.Entered)
    def _typed(self, event: Field.Entered) -> None:
        path = expand_path(event.field.text)
        if path.is_file():
            self._open(path)
        else:
            self.remark(f"{path} is not a file.", "error")

    def _open(self, path: Path) -> None:
        self.app.push_screen(PopulationScreen(path, self._launch))
