"""A population: its species, and the way to the operations on their particles. The home of the app."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from mtui.errors import InputError
from mtui.jobs.wording import plural
from mtui.model.population import BrokenEntry, Population, load_population
from mtui.model.species import Species, count_particles
from mtui.tui.attending import attend
from mtui.tui.launch import Launch
from mtui.tui.recent import remember_population
from mtui.tui.screens.copied import copy_text
from mtui.tui.screens.frame import PopulationOpened
from mtui.tui.screens.jobs import JobsScreen
from mtui.tui.screens.operating import OperatingScreen
from mtui.tui.screens.sources import SourcesScreen
from mtui.tui.screens.species_panel import SpeciesPanel
from mtui.tui.screens.species_view import Count, key_of, summary
from mtui.tui.species_numbers import NumbersReader
from mtui.tui.widgets.lines import Tone
from mtui.tui.widgets.rows import RowList


class OtherWanted(Message):
    """Another population is to be opened; the app knows where to choose from."""


class PopulationScreen(OperatingScreen):
    """Species on the left, details on the right."""

    TITLE = "Population"
    HELP = (
        "The species of the population. enter opens the operations on the particles of the one under the "
        "cursor; the details on the right follow it. v turns their page: resolution from the half maps; "
        "half-sets, tilt series and viewing directions; slices of map and mask. A species whose "
        "file is damaged shows ! and why."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sources", "Sources", id="population.sources"),
        Binding("J", "jobs", "Jobs", id="population.jobs"),
        Binding("o", "open", "Open another", show=False, id="population.open"),
        Binding("y", "copy_path", "Copy path", id="population.copy-path"),
        Binding("f5", "reload", "Read again", show=False, id="population.reload"),
        Binding("q", "app.quit", "Quit", id="population.quit"),
    ]

    def __init__(self, path: Path, launch: Launch) -> None:
        super().__init__(launch)
        self._path = path

    def compose_body(self) -> Iterable[Widget]:
        """List and details."""
        yield SpeciesPanel(NumbersReader(self._path), self._launch.terminal)

    def on_mount(self) -> None:
        """Read the population."""
        self.query_one(RowList).focus()
        self.remark("reading...")
        self.action_reload()
        self.post_message(PopulationOpened(self._path))

    def show_title(self) -> None:
        """Program, population, what it holds."""
        numbers = summary(self._population) if self._population else ""
        self.set_title(f"mtui  {self._path}", numbers)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing behind the home screen."""
        return action != "back"

    def action_reload(self, announce: bool = True) -> None:
        """Read the population again; the cursor stays on its species."""
        attend(self, partial(self._load, announce), "load")

    async def _load(self, announce: bool) -> None:
        try:
            population = await asyncio.to_thread(load_population, self._path, strict=False)
        except InputError as error:
            self.query_one(SpeciesPanel).set_entries(())
            self.say(str(error), "error")
            return
        self._population = population
        await asyncio.to_thread(remember_population, self._path)
        self.show_title()
        panel = self.query_one(SpeciesPanel)
        panel.set_entries(population.species)
        if announce:
            self.say(*opened(population))
        for species in population.valid_species:
            panel.set_count(species, await asyncio.to_thread(_count, species))
        panel.follow_cursor()

    def action_open(self) -> None:
        """Choose another population."""
        self.post_message(OtherWanted())

    def action_sources(self) -> None:
        """Show the data sources."""
        if self._population is not None:
            self.app.push_screen(SourcesScreen(self._population))

    def action_jobs(self) -> None:
        """Show the jobs of the population."""
        self.app.push_screen(JobsScreen(self._path))

    async def action_copy_path(self) -> None:
        """Copy the path of the species under the cursor, else of the population."""
        entry = self.query_one(SpeciesPanel).entry
        await copy_text(self, "Path", key_of(entry) if entry else str(self._path))


def opened(population: Population) -> tuple[str, Tone]:
    """What was opened, and the first problem with it."""
    broken = [entry for entry in (*population.species, *population.sources) if isinstance(entry, BrokenEntry)]
    words = f"Opened {population.path.name}: {plural(len(population.species), 'species', 'species')}, "
    if broken:
        return f"{words}{plural(len(broken), 'problem')}: {broken[0].error.message}", "error"
    return f"{words}{summary(population)}.", "plain"


def _count(species: Species) -> Count:
    try:
        return Count(count_particles(species))
    except InputError as error:
        return Count(problem=str(error))
