"""``mtui export``: cut particles out of the tilt images, in a job that this command waits for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.command import Command, add_dry_run, add_json
from mtui.cli.flags import add_options, settings_from
from mtui.cli.following import Manner, add_manner, after_start
from mtui.errors import ExitCode
from mtui.settings import ExportSettings, check
from mtui.settings.outputs import KINDS_OF_PROFILE, refuse_contradiction, usual_kind

if TYPE_CHECKING:
    from mtui.model.export_plan import ExportPlan


def _configure(parser: argparse.ArgumentParser) -> None:
    add_options(parser, ExportSettings)
    add_dry_run(parser)
    add_manner(parser)
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    check(settings)
    if arguments.dry_run:
        return _try(settings, as_json=arguments.json)
    from mtui.jobs.start import launch_export

    started = launch_export(settings, tell=output.write_note)
    return after_start(started, Manner(arguments.detach, arguments.json))


def _try(settings: ExportSettings, as_json: bool) -> int:
    """Everything an export does before it writes: plan, checks, sizes."""
    from mtui.jobs.inputs import check_inputs
    from mtui.jobs.preflight import check_start
    from mtui.jobs.scale.choice import check_workers
    from mtui.model.export_plan import plan_export
    from mtui.model.population import load_population

    plan = plan_export(load_population(settings.population, strict=False), settings)
    for warning in plan.warnings:
        output.write_note(f"Warning: {warning}")
    check_workers(settings)
    check_start(plan)
    found = check_inputs(plan)
    for warning in found:
        output.write_note(f"Warning: {warning}")
    _show_plan(replace(plan, warnings=(*plan.warnings, *found)), as_json=as_json)
    return ExitCode.COMPLETE


def _settings(arguments: argparse.Namespace) -> ExportSettings:
    """The settings of a command line; a profile brings its kind of images along where none is asked for.

    Raises:
        InputError: the profile does not describe the images that were asked for.
    """
    settings = settings_from(arguments, ExportSettings)
    if settings.profile not in KINDS_OF_PROFILE:
        return settings
    if hasattr(arguments, "output_kind"):
        refuse_contradiction(settings.output_kind, settings.profile)
        return settings
    return replace(settings, output_kind=usual_kind(settings.profile))


def _show_plan(plan: ExportPlan, as_json: bool) -> None:
    from mtui.jobs.super_boxes import plan_super_boxes

    boxes, problems = plan_super_boxes(plan)
    for series in plan.series:
        if series.ref.hash in problems and not any(series.ref.root in text for text in plan.warnings):
            output.write_note(f"Warning: {series.ref.root} will be skipped: {problems[series.ref.hash]}")
    if as_json:
        output.write_json(_plan_json(plan, boxes))
        return
    for label, text in _plan_lines(plan, boxes):
        output.write_line(f"{label:<10} {text}")
    output.write_line("Nothing was written.")


def _plan_lines(plan: ExportPlan, boxes: dict[str, int]) -> Iterator[tuple[str, str]]:
    from mtui.jobs.estimate import estimate_seconds, estimate_text
    from mtui.jobs.unit_poses import describe_output
    from mtui.jobs.wording import byte_text, plural
    from mtui.model.export_plan import UNIT_PARTICLES

    pixels = ", ".join(sorted({f"{series.pixel.angpix:.5f}" for series in plan.series}))
    particles = plural(plan.n_particles, "particle")
    yield "Species", f"{plan.species.name}, {particles} of {len(plan.series)} series"
    yield "Profile", f"{plan.target.profile}: {describe_output(plan)}"
    yield "Output", f"{plan.box_px} px of {pixels} Å, particle diameter {plan.diameter_ang} Å"
    if plan.target.kind == "volumes":
        edges = sorted(set(boxes.values()))
        span = f"{edges[0]}" if len(edges) == 1 else f"{edges[0]} to {edges[-1]}" if edges else "unknown"
        yield "Super-box", f"{span} px"
    yield "Work", f"{plural(plan.n_units, 'unit')} of at most {UNIT_PARTICLES} particles"
    at_most = "at most " if plan.target.kind == "series" else ""
    yield "Files", f"{at_most}{plan.n_files:,}, {byte_text(plan.n_bytes)}"
    seconds = estimate_seconds(plan)
    yield "Time", "unknown before a first export" if seconds is None else estimate_text(seconds)
    yield "Table", str(plan.output)
    if plan.target.kind != "none":
        folders = ", ".join(str(series.folder) for series in plan.series[:3])
        yield "Images", folders + ", ..." * (len(plan.series) > 3)
        yield "Paths", f"start from {plan.base}"


def _plan_json(plan: ExportPlan, boxes: dict[str, int]) -> dict[str, output.Json]:
    from mtui.jobs.estimate import estimate_seconds

    return {
        "species": plan.species.name,
        "star": str(plan.output),
        "profile": plan.target.profile,
        "output": plan.target.kind,
        "path_base": str(plan.base),
        "particles": plan.n_particles,
        "left_out": plan.left_out,
        "files": plan.n_files,
        "bytes": plan.n_bytes,
        "units": plan.n_units,
        "seconds": estimate_seconds(plan),
        "box": plan.box_px,
        "diameter": plan.diameter_ang,
        "series": [
            {
                "name": series.ref.name,
                "source": series.ref.source.name,
                "particles": len(series.rows),
                "angpix": str(series.pixel.angpix),
                "super_box": boxes.get(series.ref.hash),
                "folder": str(series.folder),
            }
            for series in plan.series
        ],
        "warnings": list(plan.warnings),
    }


COMMAND = Command(
    "export",
    "Export a species' particles as sub-tomograms or image series, with the tables of a profile.",
    _configure,
    _run,
    ExportSettings,
)
