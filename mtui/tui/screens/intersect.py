"""Intersect the species' particles with another set: the form, the distances, what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget

from mtui.model.population import Population
from mtui.model.species import Species
from mtui.settings import IntersectSettings
from mtui.tui.comparison import Comparison
from mtui.tui.intersecting import IntersectionError, compare_sets, write_result
from mtui.tui.launch import Launch
from mtui.tui.screens import intersect_fields
from mtui.tui.screens.form import Draft, FormOutcome, FormScreen, read_draft, write_draft
from mtui.tui.screens.unmatched import UnmatchedScreen
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.histogram import Histogram, waiting_line
from mtui.tui.widgets.lines import Lines
from mtui.tui.widgets.set_bar import SetBar

SETTLE_S = 0.4
"""How long the form rests before matching follows an edit."""
RECOUNTED = ("tolerance", "keep-old", "keep-both", "keep-new")
"""Fields that only count again; any other starts matching again."""


class IntersectScreen(FormScreen):
    """M's dialog for particle sets."""

    TITLE = "Intersect"
    HELP = (
        "Compares the species' particles with another set, tilt series by tilt series. Each old particle is "
        "paired with at most one new one so that the sum of all distances is smallest; pairs up to the "
        "tolerance count as the same particle. Common particles keep their old pose. Apply writes a new "
        "version of the species; the one before stays in its versions folder. The axis ends at the largest "
        "distance, or with f6 at five tolerances."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "zoom", "Zoom", id="intersect.zoom"),
        Binding("f4", "show_unmatched", "Unmatched", id="intersect.unmatched"),
    ]

    AUTO_FOCUS = "#relion-star"

    def __init__(self, population: Population, species: Species, launch: Launch, draft: Draft) -> None:
        super().__init__()
        self._population = population
        self._species = species
        self._launch = launch
        self._draft = draft
        self._comparison: Comparison | None = None
        self._complaint = ""
        self._settling: Timer | None = None
        self.defaults: Draft = {}

    def compose_body(self) -> Iterable[Widget]:
        """New set, matching, what to keep, buttons."""
        with Vertical(classes="section") as section:
            section.border_title = "New particle set"
            yield from intersect_fields.compose_new_set(self._population)
            yield Lines(id="matched")
        with Vertical(classes="section", id="matching") as section:
            section.border_title = "Matching"
            yield from intersect_fields.compose_tolerance()
            yield Histogram(ascii_only=self._launch.terminal.ascii_only, id="histogram")
        with Vertical(classes="section") as section:
            section.border_title = "Keep"
            yield SetBar()
        yield from self.compose_buttons("Apply")

    def on_mount(self) -> None:
        """Put back what was entered before."""
        self.defaults = read_draft(self)
        write_draft(self, self._draft)
        self._refresh_all()

    def show_title(self) -> None:
        """Species, operation, sizes of both sets."""
        new = f"{self._comparison.n_old:,} now, {self._comparison.n_new:,} new" if self._comparison else ""
        self.set_title(f"{self._species.name} > Intersect", new)

    def read_settings(self) -> IntersectSettings:
        """What the form says."""
        return intersect_fields.read_intersect(self, self._population, self._species)

    def find_problem(self) -> str | None:
        """No set, no source, no comparison, or nothing left."""
        problem = intersect_fields.find_problem(self) or self._complaint
        if problem:
            return problem
        if self._comparison is None:
            return "Matching is not done yet."
        keep = self.query_one(SetBar).keep
        if not keep:
            return "Keep: tick at least one set."
        if not self._comparison.counts(intersect_fields.tolerance_of(self)).kept(keep):
            return "Keep: no particle would be left."
        return None

    def edited(self, name: str) -> None:
        """Count again, or match again, whichever the edit needs."""
        if name not in RECOUNTED:
            intersect_fields.note_edit(self, name)
            self._comparison, self._complaint = None, ""
            self.workers.cancel_group(self, "compare")
            if self._settling is not None:
                self._settling.stop()
            self._settling = self.set_timer(SETTLE_S, self._match)
        self._show_result()

    def _match(self) -> None:
        fields_fine = not any(field.problem for field in self.query(Field))
        if fields_fine and not intersect_fields.find_problem(self):
            self.run_worker(self._compare(self.read_settings()), group="compare", exclusive=True)

    async def _compare(self, settings: IntersectSettings) -> None:
        path = settings.m_star or settings.relion_star
        if path is None or not await asyncio.to_thread(path.exists):
            self._complaint = f"There is no file {path}."
            self._refresh_all()
            return
        waiting = self.run_worker(
            _count_seconds(self.query_one("#matched", Lines)), group="waiting", exclusive=True
        )
        try:
            self._comparison = await compare_sets(settings)
        except IntersectionError as error:
            # The path stands in its field; here it would leave no room for what is wrong.
            self._complaint = str(error).replace(f"{path.parent}/", "")
            self.remark(self._complaint, "error")
        finally:
            waiting.cancel()
        self._refresh_all()

    def _refresh_all(self) -> None:
        """Show a new comparison: sizes, pixel sizes from the table, range of the tolerance."""
        self.show_title()
        if self._comparison is None:
            self.query_one("#matched", Lines).set_lines([])
        else:
            intersect_fields.show_comparison(self, self._comparison)
            self.remark(intersect_fields.remark_on(self._comparison))
        self._show_result()

    def _show_result(self) -> None:
        comparison, tolerance = self._comparison, intersect_fields.tolerance_of(self)
        self.query_one(Histogram).show(comparison, tolerance)
        self.query_one(SetBar).show(comparison.counts(tolerance) if comparison else None)
        self.update_state()

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

    def action_zoom(self) -> None:
        """Change the end of the axis."""
        self.query_one(Histogram).toggle_zoom()

    def apply(self) -> None:
        """Write the new version."""
        self.remark("writing the new version...")
        self.run_worker(self._write(self.read_settings()), group="write", exclusive=True)

    async def _write(self, settings: IntersectSettings) -> None:
        try:
            message = await write_result(settings)
        except IntersectionError as error:
            self.say(str(error), "error")
            return
        self.dismiss(FormOutcome(read_draft(self), message))


async def _count_seconds(place: Lines) -> None:
    """Say that matching runs until cancelled."""
    seconds = 0
    while True:
        place.set_lines([waiting_line(seconds)])
        await asyncio.sleep(1)
        seconds += 1
