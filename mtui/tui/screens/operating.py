"""What leads from the species under the cursor to its operations and back."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from mtui.errors import MtuiError
from mtui.jobs.record import Job
from mtui.model.population import BrokenEntry, Population
from mtui.model.species import Species, load_species
from mtui.tui.launch import Launch
from mtui.tui.screens.confirm import ConfirmScreen
from mtui.tui.screens.export import ExportScreen
from mtui.tui.screens.form import Draft, FormOutcome
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.screens.intersect import IntersectScreen
from mtui.tui.screens.job import JobScreen
from mtui.tui.screens.operations import OperationsScreen, operations_for
from mtui.tui.screens.species_panel import SpeciesPanel
from mtui.tui.screens.versions import VersionsScreen
from mtui.tui.versions import VersionsError, go_back
from mtui.tui.widgets.rows import RowList


class OperatingScreen(FrameScreen[Path | None]):
    """A screen with a list of species, from which operations on their particles start."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "undo", "Undo", show=False, id="population.undo"),
    ]

    def __init__(self, launch: Launch) -> None:
        super().__init__()
        self._launch = launch
        self._population: Population | None = None
        self._drafts: dict[tuple[str, str], Draft] = {}

    def action_reload(self, announce: bool = True) -> None:
        """Read what the screen shows again, and say what was read unless something else was said."""
        raise NotImplementedError

    @on(RowList.Chosen)
    def _open_operations(self) -> None:
        panel = self.query_one(SpeciesPanel)
        entry = panel.entry
        if isinstance(entry, BrokenEntry):
            self.say(str(entry.error), "error")
        elif entry is not None:
            count = panel.count_of(entry)
            menu = OperationsScreen(
                f"{entry.name}: {count.text} particles", operations_for(count, self._launch)
            )
            self.app.push_screen(menu, partial(self._begin, entry))

    def _begin(self, species: Species, operation: str | None) -> None:
        """Open the form of an operation with what was entered in it before."""
        if operation is None or self._population is None:
            return
        if operation == "versions":
            versions = VersionsScreen(self._population.path, species)
            self.app.push_screen(versions, partial(self._confirm_version, species))
            return
        screen_class = IntersectScreen if operation == "intersect" else ExportScreen
        place = (species.guid, operation)
        form = screen_class(self._population, species, self._launch, self._drafts.get(place, {}))
        self.app.push_screen(form, partial(self._finished, place))

    def _finished(self, place: tuple[str, str], outcome: FormOutcome | None) -> None:
        """Back from a form: say what it did, read what it changed, show the job it started."""
        if outcome is None:
            return
        self._drafts[place] = outcome.draft
        if outcome.message:
            self.say(outcome.message)
            self.action_reload(announce=False)
        if outcome.job_folder:
            self.app.push_screen(JobScreen(Job(Path(outcome.job_folder))))

    async def action_undo(self) -> None:
        """Ask whether to go back to the version before, of the species under the cursor as it is on disk."""
        species = self.query_one(SpeciesPanel).entry
        if not isinstance(species, Species) or self._population is None:
            return
        try:
            # What is shown may be about to be read again, after an operation that has just ended.
            species = await asyncio.to_thread(load_species, species.path)
        except MtuiError as error:
            self.say(str(error), "error")
            return
        if reason := _no_undo(species, self._launch):
            self.remark(reason)
            return
        self._ask_to_go_back(species, species.previous_version, f"Undo the last change of {species.name}?")

    def _confirm_version(self, species: Species, version: str | None) -> None:
        """Back from the list of versions."""
        if version == species.version:
            self.remark(f"{species.name} is at version {version}.")
        elif version:
            self._ask_to_go_back(species, version, f"Go back to version {version}?")

    def _ask_to_go_back(self, species: Species, version: str, title: str) -> None:
        lines = (
            f"Its particles, and maps that differ, become those of version {version}.",
            f"The present version, {species.version}, stays in the versions folder.",
        )
        question = ConfirmScreen(title, lines, yes="Undo", no="Keep")
        self.app.push_screen(question, partial(self._go_back, species, version))

    async def _go_back(self, species: Species, version: str, confirmed: bool | None) -> None:
        if not confirmed or self._population is None:
            return
        self.remark("going back...")
        try:
            message = await go_back(self._population.path, species, version)
        except VersionsError as error:
            self.say(str(error), "error")
            return
        self.say(message)
        self.action_reload(announce=False)


def _no_undo(species: Species, launch: Launch) -> str:
    """Why there is nothing to go back to; empty if there is."""
    if launch.readonly:
        return "mtui was started with --readonly."
    if species.dont_version:
        return f"{species.name} keeps no versions (DontVersion is set): its changes cannot be undone."
    if not species.previous_version or not (species.versions_folder / species.previous_version).is_dir():
        return f"{species.name} has no earlier version."
    return ""
