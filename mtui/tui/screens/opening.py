"""Which screen is first: the population that was named, the only one in the folder, or a choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from mtui.settings import IntersectSettings, options
from mtui.tui.attending import attend
from mtui.tui.child import module_command, run_child
from mtui.tui.launch import Launch
from mtui.tui.paths import expand_path
from mtui.tui.recent import recent_populations
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.screens.population import PopulationScreen
from mtui.tui.text import shorten_middle
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.path_field import PathField, PathInput
from mtui.tui.widgets.rows import Row, RowList

DEMO = "demo"
"""The row of the demo project; paths of populations are absolute."""
DEMO_FOLDER = "mtui-demo"


def opening_screen(population: Path | None, launch: Launch) -> Screen[Path | None]:
    """The first screen; a folder stands for the only population in it."""
    if population is not None and not population.is_dir():
        return PopulationScreen(population, launch)
    found = populations_in(population or Path())
    if len(found) == 1:
        return PopulationScreen(found[0], launch)
    return ChooseScreen(found, launch)


def populations_in(folder: Path) -> list[Path]:
    """The .population files of a folder."""
    return sorted(path.absolute() for path in folder.glob("*.population"))


class ChooseScreen(FrameScreen[Path | None]):
    """Choose a population from the current folder, from those opened before, or by its path."""

    TITLE = "Open a population"
    HELP = (
        "The populations of this folder and those that were opened before: enter opens one. A population is "
        "the .population file that M writes; its path can be typed below, tab completes it. The demo is a "
        "small synthetic project with known truth, written into a new folder here."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", id="choose.quit")]

    def __init__(self, found: Sequence[Path], launch: Launch, *, is_first: bool = True) -> None:
        super().__init__()
        self._found = found
        self._launch = launch
        self._is_first = is_first

    def compose_body(self) -> Iterable[Widget]:
        """The populations known, the demo, a path."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Open a population"
            yield RowList(id="found")
            option = options(IntersectSettings)["population"]
            field = PathField("population", option, suffixes=(".population",))
            field.enter_moves = False
            yield field

    def on_mount(self) -> None:
        """Fill the list."""
        rows = self.query_one(RowList)
        rows.set_rows(self._rows())
        rows.focus()
        here = "" if self._found else "There is no .population file in this folder. "
        self.remark(f"{here}enter opens; tab goes to the path.")

    def _rows(self) -> list[Row]:
        recent = [path for path in recent_populations() if path not in self._found]
        groups = (("here", self._found), ("opened before", recent))
        width = self.app.size.width - 26
        rows = [
            Row(str(path), ((f"{group:<15}", "quiet"), (shorten_middle(str(path), width), "plain")))
            for group, paths in groups
            for path in paths
        ]
        about = f"write a synthetic project to try things on into {DEMO_FOLDER}/"
        return [*rows, Row(DEMO, ((f"{DEMO:<15}", "quiet"), (about, "plain")))]

    def show_title(self) -> None:
        """Where I am."""
        self.set_title("mtui")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing behind the first screen, only the list behind the path."""
        return not (action == "back" and self._is_first and isinstance(self.focused, RowList))

    def action_back(self) -> None:
        """From the path to the list, else open none."""
        if isinstance(self.focused, PathInput):
            self.query_one(RowList).focus()
        elif not self._is_first:
            self.dismiss(None)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.key == DEMO:
            self.remark("writing the demo project, which takes some seconds...")
            attend(self, partial(self._write_demo, Path(DEMO_FOLDER).absolute()), "demo")
        else:
            self._open(Path(event.key))

    async def _write_demo(self, folder: Path) -> None:
        # It is no use half-written, so it is finished even if the app ends meanwhile.
        output = await run_child(module_command("mtui.tui.demo_child", str(folder)), kill=False)
        if output.exit_code:
            self.say(output.last_words, "error")
        else:
            self._open(Path(output.stdout.decode().strip()))

    @on(Field.Entered)
    def _typed(self, event: Field.Entered) -> None:
        if not event.field.text.strip():
            self.remark("Type the path of a .population file.", "error")
            return
        path = expand_path(event.field.text)
        found = populations_in(path) if path.is_dir() else [path]
        if len(found) == 1 and found[0].is_file():
            self._open(found[0])
        elif len(found) > 1:
            self.remark(f"{path} has {len(found)} populations: name one.", "error")
        else:
            self.remark(f"{path} is not a file, nor a folder with a population.", "error")
        self.query_one(PathInput).focus()

    def _open(self, path: Path) -> None:
        if self._is_first:
            self.app.push_screen(PopulationScreen(path, self._launch))
        else:
            self.leave(path)
