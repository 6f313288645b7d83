"""Export sub-tomograms: the form, what it would write, and the start of the job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget

from mtui.jobs.progress import duration_text, rounded_seconds
from mtui.jobs.wording import byte_text
from mtui.model.population import Population
from mtui.model.species import Species
from mtui.settings import ExportSettings
from mtui.tui.attending import attend
from mtui.tui.launch import Launch
from mtui.tui.planning import Extent, Plan, PlannerError, PlanningChild
from mtui.tui.screens import export_fields
from mtui.tui.screens.export_more import MORE, ExportMoreScreen, with_more
from mtui.tui.screens.form import Draft, FormOutcome, read_draft, write_draft
from mtui.tui.screens.more import FormWithMore, MoreScreen, more_text
from mtui.tui.text import wrap
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.lines import Line, Lines, line

SETTLE_S = 0.3
"""How long the form rests before the plan follows an edit."""
PATIENCE_S = 0.5
"""How long the last plan stays in view while the next one is made."""


class ExportScreen(FormWithMore):
    """All options of M's export dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Export", id="form.apply"),
        Binding("f8", "show_more", "More", id="form.more"),
    ]
    TITLE = "Export sub-tomograms"
    HELP = (
        "Cuts the particles out of the tilt images and writes them with 3D CTFs and a RELION .star file. The "
        "path is that of the .star file. The images go to subtomo/<series>/ below its folder, or, with the "
        "tick, beside each series' metadata, where M puts them. Export starts a job that goes on when you "
        "quit."
    )

    def __init__(self, population: Population, species: Species, launch: Launch, draft: Draft) -> None:
        super().__init__()
        self._population = population
        self._species = species
        self._launch = launch
        self._draft = draft
        self.more: Draft = {name: value for name, value in draft.items() if name in MORE}
        self._child = PlanningChild(population.path, species.guid)
        self._plan: Plan | None = None
        self._extent = Extent()
        self._settling: Timer | None = None
        self.defaults: Draft = {}

    def compose_body(self) -> Iterable[Widget]:
        """Four sections and the buttons."""
        folder = self._launch.config.export_folder or self._population.path.parent / "export"
        path = folder / f"{self._species.name_safe}.star"
        sections = (
            ("Output", export_fields.compose_output(self._species, path)),
            ("Particles", export_fields.compose_particles()),
            ("Images and volumes", export_fields.compose_images()),
            ("Run", export_fields.compose_run()),
        )
        for title, widgets in sections:
            with Vertical(classes="section", id=f"section-{title.split()[0].lower()}") as section:
                section.border_title = title
                yield from widgets
                if title == "Run":
                    yield Lines(id="plan")
        yield from self.compose_buttons("Export")

    def on_mount(self) -> None:
        """Put back what was entered before, and plan."""
        self.defaults = read_draft(self)
        write_draft(self, self._draft)
        self.edited("")
        self.update_state()

    def on_unmount(self) -> None:
        """The planner ends with the form."""
        self._child.close()

    def show_title(self) -> None:
        """Species, operation, what the plan counts."""
        plan = self._plan
        numbers = f"{plan.particles:,} particles, {plan.series:,} series" if plan and plan.particles else ""
        self.set_title(f"{self._species.name} > Export sub-tomograms", numbers)

    def read_settings(self) -> ExportSettings:
        """What the form says."""
        settings = export_fields.read_export(self, self._population, self._species)
        return with_more(settings, self.more)

    def more_screen(self) -> MoreScreen:
        """For which program, how it is stored, who does the work."""
        return ExportMoreScreen(self._species.name, self.more)

    def edited(self, name: str) -> None:
        """Follow the edit: what depends on it, and the plan."""
        export_fields.apply_dependencies(self, self._species)
        note = more_text(self.more) or "f8: profile, storage, workers"
        self.query_one("#more-note", Lines).set_lines([line(f"   {note}", "quiet")])
        self._plan = None
        self._extent = replace(self._extent, super_boxes=None)
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self._replan)

    def find_problem(self) -> str | None:
        """What the plan says against it."""
        return self._plan.problem or None if self._plan else None

    def _replan(self) -> None:
        # An edit just before Export may ask for a plan after it, which must not take the start's place.
        if not self.applying and not any(field.problem for field in self.query(Field)):
            attend(self, partial(self._ask, self.read_settings()), "plan")

    async def _ask(self, settings: ExportSettings) -> None:
        waiting = self.set_timer(PATIENCE_S, self._draw_plan)
        self._plan = await self._child.plan(settings)
        waiting.stop()
        self.show_title()
        self._draw_plan()
        self.update_state()
        if self._plan.particles and self._plan.kind == "volumes":
            self._extent = await self._child.extent(settings)
            export_fields.show_extent(self, self._extent)
            self._draw_plan()

    def _draw_plan(self) -> None:
        place = self.query_one("#plan", Lines)
        place.set_lines(plan_lines(self._plan, self._extent, place.size.width))

    def apply(self) -> None:
        """Start the job."""
        self.remark("starting...")
        attend(self, partial(self._start, self.read_settings()), "plan")

    async def _start(self, settings: ExportSettings) -> None:
        try:
            folder = await self._child.start(settings)
        except PlannerError as error:
            self.applying = False
            self.remark(str(error), "error")
            return
        self.leave(FormOutcome(self.draft(), f"Job {folder.name} started: {settings.output}", str(folder)))


def plan_lines(plan: Plan | None, extent: Extent, width: int) -> list[Line]:
    """What will be written, what stands against it, what to know about it."""
    if plan is None:
        return [line(" planning...", "quiet")]
    problem = (
        [line(f" {text}", "error") for text in wrap(f"! {plan.problem}", width - 2)] if plan.problem else []
    )
    if not plan.particles:
        return problem
    texts = wrap(f"Will write {_what(plan)}. {_how(plan, extent)}", width - 2)
    warnings = (
        text for warning in (*plan.warnings, *extent.warnings) for text in wrap(f"! {warning}", width - 2)
    )
    return [
        *(line(f" {text}") for text in texts),
        *problem,
        *(line(f" {text}", "new") for text in warnings),
    ]


def _what(plan: Plan) -> str:
    """Images, files, bytes."""
    images = {
        "volumes": f"{plan.particles:,} volumes + {plan.particles:,} CTFs",
        "series": f"{plan.particles:,} image series",
    }.get(plan.kind, f"a table of {plan.particles:,} particles")
    return f"{images}: {plan.files:,} files, about {byte_text(plan.bytes)}, {byte_text(plan.free)} free"


def _how(plan: Plan, extent: Extent) -> str:
    """The box that volumes are reconstructed in, and the time."""
    parts = []
    if extent.super_boxes and plan.kind == "volumes":
        low, high = extent.super_boxes
        span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        parts.append(f"Reconstructed in {span} px, against aliasing.")
    if plan.seconds is None:
        parts.append("Time not known yet.")
    else:
        parts.append(f"Takes about {duration_text(rounded_seconds(plan.seconds))}.")
    return " ".join(parts)
