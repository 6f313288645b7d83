"""The child process that plans and starts exports for the form: one line of JSON in, one line out.

It keeps the particle table loaded, so that a plan follows each edit at once, and the app itself stays free of
the libraries that read tables. Run as ``python -m mtui.tui.planner POPULATION SPECIES``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mtui.errors import MtuiError
from mtui.settings import ExportSettings, check, from_json

if TYPE_CHECKING:
    from mtui.model.export_plan import ExportInputs, ExportPlan

Answer = dict[str, object]


class Planner:
    """Answers requests about exports of one species."""

    def __init__(self, population: Path, species: str) -> None:
        self._population = population
        self._species = species
        self._inputs: ExportInputs | None = None

    def answer(self, request: str, settings_text: str) -> Answer:
        """``plan``: what would be done; ``extent``: what needs each series' metadata; ``start``: do it."""
        try:
            settings = from_json(ExportSettings, settings_text)
            check(settings)
            plan = self._plan(settings)
            actions = {"plan": _describe, "extent": _extent, "start": _start}
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


def _describe(plan: ExportPlan) -> Answer:
    from mtui.formats.files import existing_ancestor, free_bytes
    from mtui.jobs.preflight import check_start

    answer: Answer = {
        "kind": plan.target.kind,
        "particles": plan.n_particles,
        "series": len(plan.series),
        "files": plan.n_files,
        "bytes": plan.n_bytes,
        "free": free_bytes(existing_ancestor(plan.output.parent)),
        "warnings": [*_folder_warnings(plan), *plan.warnings],
    }
    try:
        check_start(plan)
    except MtuiError as error:
        answer |= {"problem": error.message, "hint": error.hint}
    return answer


def _folder_warnings(plan: ExportPlan) -> Iterator[str]:
    if not plan.output.parent.is_dir():
        yield "Path: its folder does not exist; it will be created."


def _extent(plan: ExportPlan) -> Answer:
    """Tilts and super-box of the series; series that cannot be loaded are counted."""
    from mtui.jobs.super_boxes import plan_super_boxes
    from mtui.model.tilt_series import load_tilt_series

    tilts: list[int] = []
    for series in plan.series:
        try:
            tilts.append(len(load_tilt_series(series.ref).geometry.angles_deg))
        except MtuiError:
            continue
    boxes, problems = plan_super_boxes(plan)
    edges = sorted(boxes.values())
    return {
        "tilts": [min(tilts), max(tilts)] if tilts else [],
        "super_boxes": [edges[0], edges[-1]] if edges else [],
        "warnings": list(_skipped(plan, problems)),
    }


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
