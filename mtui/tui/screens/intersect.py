"""Intersect the species' particles with another set: the form, the distances, what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget

from mtui.model.population import Population
from mtui.model.species import Species
from mtui.settings import IntersectSettings
from mtui.settings.intersect import RELION_READING
from mtui.tui.attending import attend
from mtui.tui.comparison import Comparison
from mtui.tui.intersecting import IntersectionError, compare_sets, write_result
from mtui.tui.launch import Launch
from mtui.tui.screens import intersect_fields
from mtui.tui.screens.form import Draft, FormOutcome, read_draft, write_draft
from mtui.tui.screens.intersect_actions import IntersectActions
from mtui.tui.screens.intersect_more import KEEPING, TICKS, IntersectMoreScreen, with_more
from mtui.tui.screens.more import MoreScreen, more_text
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.histogram import Histogram, waiting_line
from mtui.tui.widgets.lines import Lines, line
from mtui.tui.widgets.panel import set_title
from mtui.tui.widgets.set_bar import SetBar

MORE = (*RELION_READING, *KEEPING, *TICKS)
NEW_SET = "New particle set"
SETTLE_S = 0.4
"""How long the form rests before matching follows an edit."""
RECOUNTED = ("tolerance", "keep-old", "keep-both", "keep-new")
"""Fields that only count again; any other starts matching again."""


class IntersectScreen(IntersectActions):
    """M's dialog for particle sets."""

    TITLE = "Intersect"
    HELP = (
        "Compares the species' particles with another set, tilt series by tilt series. Each old particle is "
        "paired with at most one new one so that the sum of all distances is smallest; pairs up to the "
        "tolerance count as the same particle. Common particles keep their old pose. Apply writes a new "
        "version of the species; the one before stays in its versions folder. The axis ends at the largest "
        "distance, or with f6 at about five tolerances. f7 lists what there is to compare with: earlier "
        "versions of the species, and the other species; f8 tells how the table is read and whose poses are "
        "kept."
    )
    AUTO_FOCUS = "#relion-star"

    def __init__(self, population: Population, species: Species, launch: Launch, draft: Draft) -> None:
        super().__init__()
        self._population = population
        self._species = species
        self._launch = launch
        self._draft = draft
        self.more: Draft = {name: value for name, value in draft.items() if name in MORE}
        self._comparison: Comparison | None = None
        self._complaint = ""
        self._settling: Timer | None = None
        self.defaults: Draft = {}

    def compose_body(self) -> Iterable[Widget]:
        """New set, matching, what to keep, buttons."""
        with Vertical(classes="section", id="new-set") as section:
            section.border_title = NEW_SET
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
        settings = intersect_fields.read_intersect(self, self._population, self._species)
        return with_more(settings, self.more)

    def more_screen(self) -> MoreScreen:
        """How the table is read and what common particles keep."""
        understood = self._comparison.remarks if self._comparison else ()
        return IntersectMoreScreen(self._species.name, self.more, understood)

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
        if name not in RECOUNTED or (name == "tolerance" and intersect_fields.rule_of(self) == "gated"):
            intersect_fields.note_edit(self, name)
            self._comparison, self._complaint = None, ""
            self.workers.cancel_group(self, "compare")
            self._match_soon()
        elif name == "tolerance" and self._comparison is not None:
            self._match_soon()  # these counts are right already; those of the other rule follow
        self._show_result()

    def _match_soon(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self._match)

    def _match(self) -> None:
        fields_fine = not any(field.problem for field in self.query(Field))
        if fields_fine and not intersect_fields.find_problem(self):
            attend(self, partial(self._compare, self.read_settings()), "compare")

    async def _compare(self, settings: IntersectSettings) -> None:
        path = settings.m_star or settings.relion_star
        if path is None or not await asyncio.to_thread(path.exists):
            self._complaint = f"There is no file {path}."
            self._refresh_all()
            return
        waiting = None
        if self._comparison is None:
            waiting = attend(self, partial(_count_seconds, self.query_one("#matched", Lines)), "waiting")
        try:
            self._comparison, self._complaint = await compare_sets(settings), ""
        except IntersectionError as error:
            # The path stands in its field; here it would leave no room for what is wrong.
            self._complaint = str(error).replace(f"{path.parent}/", "")
            self.remark(self._complaint, "error")
        finally:
            if waiting is not None:
                waiting.cancel()
        self._refresh_all()
        seen = self._comparison
        if seen and not self._complaint and seen.counted_at_ang != intersect_fields.tolerance_of(self):
            self._match_soon()

    def _refresh_all(self) -> None:
        """Show a new comparison: sizes, pixel sizes from the table, range of the tolerance."""
        self.show_title()
        if self._comparison is None:
            self.query_one("#matched", Lines).set_lines([])
        else:
            intersect_fields.show_comparison(self, self._comparison)
            self.remark(intersect_fields.remark_on(self._comparison))
        more = more_text(self.more)
        set_title(self.query_one("#new-set"), f"{NEW_SET}   {more}" if more else NEW_SET)
        self._show_result()

    def _show_result(self) -> None:
        comparison, tolerance = self._comparison, intersect_fields.tolerance_of(self)
        self.query_one(Histogram).show(comparison, tolerance)
        self.query_one(SetBar).show(comparison.counts(tolerance) if comparison else None)
        rule = intersect_fields.rule_of(self)
        other = intersect_fields.other_rule_text(comparison, tolerance, rule) if comparison else ""
        self.query_one("#other-rule", Lines).set_lines([line(other, "new")])
        self.update_state()

    def apply(self) -> None:
        """Write the new version."""
        self.remark("writing the new version...")
        attend(self, partial(self._write, self.read_settings()), "write")

    async def _write(self, settings: IntersectSettings) -> None:
        try:
            message = await write_result(settings, self._species.version)
        except IntersectionError as error:
            self.applying = False
            self.say(str(error), "error")
            return
        self.leave(FormOutcome(self.draft(), message))


async def _count_seconds(place: Lines) -> None:
    """Say that matching runs until cancelled."""
    seconds = 0
    while True:
        place.set_lines([waiting_line(seconds)])
        await asyncio.sleep(1)
        seconds += 1
