"""An export without its files: the engine's volumes, averaged as the tour averages the files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from mtui.demo.average import Average, Subtomogram, average_subtomograms
from mtui.demo.project import DemoProject
from mtui.demo.rotations import matrices_from_euler
from mtui.engine.export_unit import export_unit
from mtui.engine.series_context import prepare_series
from mtui.jobs.series_input import load_series
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings

BOX_PX, DIAMETER_ANG = 32, 80
"""The same for both species, so that the engine compiles once for both."""


def export_average(
    project: DemoProject, species: str, roots: Collection[str] = (), prerotate: bool = False
) -> Average:
    """The average of a species at its own pixel size, from all tilt series or those named."""
    settings = ExportSettings(
        project.population,
        species,
        Path("unused.star"),
        box=BOX_PX,
        diameter=DIAMETER_ANG,
        prerotate=prerotate,
    )
    plan = plan_export(load_population(project.population), settings)
    items = list(_subtomograms(plan, roots))
    return Average(average_subtomograms(items), float(plan.angpix), len(items))


def _subtomograms(plan: ExportPlan, roots: Collection[str]) -> Iterator[Subtomogram]:
    for series in plan.series:
        if roots and series.ref.root not in roots:
            continue
        loaded = load_series(plan, series)
        particles = plan.particles.select(series.rows)
        poses = matrices_from_euler(particles.angles_deg[:, 0].astype(np.float64))
        if plan.settings.prerotate:
            poses[:] = np.eye(3)
        context = prepare_series(loaded.input, loaded.settings)
        for part in export_unit(context, particles.positions_ang, particles.angles_deg):
            for index, (volume, ctf) in enumerate(zip(part.volumes, part.ctfs, strict=True)):
                yield Subtomogram(volume, ctf, poses[part.first + index])
