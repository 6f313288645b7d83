"""From a plan and a tilt series' metadata to what the profiles want to know."""

from __future__ import annotations

from mtui.geometry.visibility import selected_tilts
from mtui.model.export_plan import ExportPlan, SeriesPlan, Unit
from mtui.model.tilt_series import TiltSeries
from mtui.profiles.poses import PoseTime, SeriesFacts, UnitPoses, compute_poses
from mtui.profiles.profile import Profile, TableOptions, Target
from mtui.profiles.registry import PROFILES
from mtui.profiles.stacks import StackRule


def profile_of(plan: ExportPlan) -> Profile:
    """The profile of an export."""
    return PROFILES[plan.target.profile]


def target_of(plan: ExportPlan) -> Target:
    """Where the tables go."""
    return Target(plan.output, plan.base)


def options_of(plan: ExportPlan) -> TableOptions:
    """What the settings mean for the tables."""
    is_series = plan.target.kind == "series"
    return TableOptions(
        prerotated=plan.target.kind == "volumes" and plan.settings.prerotate,
        premultiplied=is_premultiplied(plan),
        stacked=is_series,
        strict=plan.settings.strict_columns,
    )


def is_premultiplied(plan: ExportPlan) -> bool:
    """Whether stacks are multiplied by their CTF: only where the profile's consumers can take it."""
    return plan.target.kind == "series" and profile_of(plan).premultiply and plan.settings.premultiply


def describe_output(plan: ExportPlan) -> str:
    """What is written, in a few words."""
    if plan.target.kind == "none":
        return "poses without images"
    if plan.target.kind == "volumes":
        return "volumes with 3D CTFs" if profile_of(plan).has_ctf_volumes else "volumes without CTF"
    tilts = {
        "visible": "of the tilts that show the whole particle",
        "full": "of all tilts",
        "drop-partial": "of all tilts, for particles that every tilt shows",
        "everything": "of all tilts",
    }[stack_rule(plan)]
    return f"image series {tilts}, {'multiplied by CTF and weights' if is_premultiplied(plan) else 'raw'}"


def stack_rule(plan: ExportPlan) -> StackRule:
    """What stacks hold; volumes are made of all particles and tilts."""
    if plan.target.kind != "series":
        return "everything"
    rules: dict[str | None, StackRule] = {
        None: profile_of(plan).stack,
        "visible": "visible",
        "full": "full",
        "drop-partial": "drop-partial",
    }
    return rules[plan.settings.stack]


def series_facts(plan: ExportPlan, series: SeriesPlan, tilt_series: TiltSeries) -> SeriesFacts:
    """A tilt series as the tables describe it."""
    geometry = tilt_series.geometry
    return SeriesFacts(
        name=series.ref.name,
        root=series.ref.root,
        species=plan.species.name_safe,
        pixel=series.pixel,
        box_px=plan.box_px,
        images=target_of(plan).text(series.folder),
        geometry=geometry,
        ctf=tilt_series.ctf,
        volume_ang=series.ref.source.volume_ang,
        movies=tuple(path.replace("\\", "/").rpartition("/")[2] for path in tilt_series.movie_paths),
        tilts=selected_tilts(geometry, plan.tilt_limit(series.ref.source)),
    )


def poses_of(plan: ExportPlan, series: SeriesPlan, facts: SeriesFacts, unit: Unit) -> UnitPoses:
    """Poses of a unit's particles."""
    particles = plan.particles.select(series.rows[unit.start : unit.stop])
    time: PoseTime = "first"
    if plan.settings.m_pose_times:
        time = "m-series" if plan.target.kind == "series" else "m-volumes"
    return compute_poses(facts, particles, unit.start, plan.settings.shift, time)
