"""The child process that plans and starts exports for the form: one line of JSON in, one line out.

It keeps the particle table loaded, so that a plan follows each edit at once, and the app itself stays free of
the libraries that read tables. Run as ``python -m mtui.tui.planner POPULATION SPECIES``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mtui.errors import MtuiError
from mtui.settings import ExportSettings, check, from_json

if TYPE_CHECKING:
    from mtui.model.export_plan import ExportInputs, ExportPlan
    from mtui.model.population import SeriesRef
    from mtui.model.tilt_series import TiltSeries

Answer = dict[str, object]


class Planner:
    """Answers requests about exports of one species."""

    def __init__(self, population: Path, species: str) -> None:
        self._population = population
        self._species = species
        self._inputs: ExportInputs | None = None
        self._series: dict[tuple[str, tuple[str, ...]], TiltSeries | str] = {}

    def answer(self, request: str, settings_text: str) -> Answer:
        """``plan``: what would be done; ``extent``: what needs each series' metadata; ``start``: do it."""
        try:
            settings = from_json(ExportSettings, settings_text)
            check(settings)
            plan = self._plan(settings)
            actions = {"plan": _describe, "extent": self._extent, "start": _start}
            return actions[request](plan)
        except MtuiError as error:
            return {"problem": error.message, "hint": error.hint}

    def _plan(self, settings: ExportSettings) -> ExportPlan:
        from mtui.model.export_plan import load_export_inputs, plan_export
        from mtui.model.population import load_population

        if self._inputs is None:
            population = load_population(self._population, strict=False)
            self._inputs = load_export_inputs(population, self._species)
        return plan_export(self._inputs.population, settings, self._inputs)

    def _extent(self, plan: ExportPlan) -> Answer:
        """Tilts and super-box of the series; series that cannot be loaded are counted."""
        from mtui.jobs.super_boxes import compute_super_box_px

        tilts, edges, problems = [], [], {}
        for series in plan.series:
            loaded = self._load(series.ref, plan.settings.remap)
            if isinstance(loaded, str):
                problems[series.ref.hash] = loaded
            else:
                tilts.append(loaded.geometry.n_tilts)
                edges.append(compute_super_box_px(plan, series, loaded))
        return {
            "tilts": [min(tilts), max(tilts)] if tilts else [],
            "super_boxes": [min(edges), max(edges)] if edges else [],
            "warnings": list(_skipped(plan, problems)),
        }

    def _load(self, ref: SeriesRef, remap: tuple[str, ...]) -> TiltSeries | str:
        """The metadata of a tilt series, kept for the next question, or why it cannot be read."""
        from mtui.model.remap import Remap
        from mtui.model.tilt_series import load_tilt_series

        place = (ref.hash, remap)
        if place not in self._series:
            try:
                self._series[place] = load_tilt_series(ref, Remap.parse(remap))
            except MtuiError as error:
                self._series[place] = str(error)
        return self._series[place]


def _describe(plan: ExportPlan) -> Answer:
    from mtui.formats.files import existing_ancestor, free_bytes
    from mtui.jobs.estimate import estimate_seconds
    from mtui.jobs.preflight import check_start

    answer: Answer = {
        "kind": plan.target.kind,
        "particles": plan.n_particles,
        "series": len(plan.series),
        "files": plan.n_files,
        "bytes": plan.n_bytes,
        "seconds": estimate_seconds(plan),
        "free": free_bytes(existing_ancestor(plan.output.parent)),
        "warnings": [*_folder_warnings(plan), *plan.warnings, *_logout_warnings()],
    }
    try:
        check_start(plan)
    except MtuiError as error:
        answer |= {"problem": error.message, "hint": error.hint}
    return answer


@cache
def _logout_warnings() -> tuple[str, ...]:
    """What would end the job when the user logs out; asked of the system once."""
    from mtui.jobs.detach import find_way

    warning = find_way().warning
    return (warning,) if warning else ()


def _folder_warnings(plan: ExportPlan) -> Iterator[str]:
    if not plan.output.parent.is_dir():
        yield "Path: its folder does not exist; it will be created."


def _skipped(plan: ExportPlan, problems: dict[str, str]) -> Iterator[str]:
    """How many series cannot be used, and why the first one cannot."""
    names = [series.ref.root for series in plan.series if series.ref.hash in problems]
    for reason in list(problems.values())[:1]:
        others = f" and {len(names) - 1} others" if len(names) > 1 else ""
        yield f"{names[0]}{others} would be skipped. {reason}"


def _start(plan: ExportPlan) -> Answer:
    from mtui.jobs.start import start_export

    return {"folder": str(start_export(plan).folder)}


def serve(planner: Planner, requests: TextIO, answers: TextIO) -> None:
    """Answer each line until the app closes the pipe."""
    for line in requests:
        print(json.dumps(planner.answer(*json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    serve(Planner(Path(sys.argv[1]), sys.argv[2]), sys.stdin, sys.stdout)
