"""Names of all files that an export writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mtui.jobs.unit_poses import profile_of, target_of
from mtui.model.export_plan import ExportPlan, SeriesPlan
from mtui.profiles.names import average_name, stack_average_name


def image_names(plan: ExportPlan, series: SeriesPlan) -> Iterator[str]:
    """Names of all images that a series' part of the export writes."""
    common, kind = (series.ref.root, plan.species.name_safe), plan.target.kind
    profile = profile_of(plan)
    for index in range(len(series.rows)):
        yield from profile.image_names(kind, *common, index, series.pixel)
    average = average_path(plan, series)
    if average is not None:
        yield average.name


def average_path(plan: ExportPlan, series: SeriesPlan) -> Path | None:
    """Where the average of a series' images goes; None for an export without images."""
    kind = plan.target.kind
    if kind == "none":
        return None
    name = stack_average_name if kind == "series" else average_name
    return series.folder / name(series.ref.root, plan.species.name_safe, series.pixel)


def table_paths(plan: ExportPlan) -> list[Path]:
    """The STAR files that an export writes, the main one first."""
    target = target_of(plan)
    return [plan.output, *(target.beside(ending) for ending in profile_of(plan).endings)]
