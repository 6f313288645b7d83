"""Images as they are, without CTF and weights, and beside them a table of what would have to be applied.

For people who develop methods: sub-tomograms or stacks, one row per particle with its pose in the tomogram,
and one row per particle and tilt with pose, defocus, weights, dose and nominal tilt angle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtui.profiles.columns import Rows, fixed, in_order, join, passed_on, repeated, star_table
from mtui.profiles.image_rows import image_rows
from mtui.profiles.names import particle_name, stack_name, volume_name
from mtui.profiles.optics import lens_columns, number_groups, with_groups
from mtui.profiles.profile import Part, Profile, StarFile, Target, UnitTables, filled
from mtui.profiles.relion31 import OPTICS, PARTICLES, pose_rows, volume_optics
from mtui.profiles.stacks import UnitStacks

ROWS = tuple(name for name in PARTICLES if name != "rlnCtfImage")
CTF_ROWS = (
    "rlnTomoParticleName",
    "rlnGroupName",
    "rlnImageName",
    "rlnMicrographName",
    "rlnTomoNominalStageTiltAngle",
    "rlnMicrographPreExposure",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnPhaseShift",
    "rlnCtfBfactor",
    "rlnCtfScalefactor",
    "mtuiIsVisible",
)
CTF_ENDING = "_ctf.star"


def part_of(unit: UnitTables) -> Part:
    """A unit's particles and their images; an image that went into a volume bears the volume's name."""
    if unit.stacks is None:
        raise ValueError("this profile needs to know the tilts of every particle")
    poses = unit.poses
    series = poses.series
    is_series = unit.options.stacked
    name_of = stack_name if is_series else volume_name
    names = [name_of(series.root, series.species, number, series.pixel) for number in poses.number.tolist()]
    rows = pose_rows(poses, prerotated=unit.options.prerotated)
    rows["rlnImageName"] = [f"{series.images}/{name}" for name in names]
    extra = {} if unit.options.strict else passed_on(poses.extra)
    optics = volume_optics(series)
    if is_series:
        optics["rlnImageDimensionality"] = ["2"]
    return {
        "particles": in_order(ROWS, rows | repeated({"rlnOpticsGroup": "1"}, len(poses))) | extra,
        "optics": in_order(OPTICS[2:], optics),
        "tomogram": {"rlnTomoName": [series.name]},
        "images": _image_rows(unit.stacks, names, stacked=is_series),
    }


def files_of(parts: Sequence[Part], target: Target) -> tuple[StarFile, ...]:
    """The particles, and beside them ``_ctf.star``."""
    kept = filled(parts)
    if not kept:
        return ()
    optics, groups = number_groups(kept, merge=True)
    tables = (star_table("optics", optics), star_table("particles", with_groups(kept, groups)))
    images = join([part["images"] for part in kept])
    return (
        StarFile(target.beside(CTF_ENDING), (star_table("images", images),)),
        StarFile(target.output, tables),
    )


def _image_rows(stacks: UnitStacks, names: Sequence[str], *, stacked: bool) -> Rows:
    series = stacks.poses.series
    particle, tilt = stacks.pairs
    rows = image_rows(stacks, names)
    if not stacked:
        rows["rlnImageName"] = [text.partition("@")[2] for text in rows["rlnImageName"]]
    owners = [particle_name(series.root, series.species, number) for number in stacks.poses.number.tolist()]
    visible = stacks.projections.visible[particle, tilt]
    rows |= repeated(lens_columns(series), len(particle))
    rows |= {
        "rlnTomoParticleName": [owners[row] for row in particle.tolist()],
        "rlnTomoNominalStageTiltAngle": fixed(series.geometry.angles_deg[tilt], 3),
        "rlnMicrographPreExposure": fixed(series.geometry.dose[tilt], 3),
        "mtuiIsVisible": fixed(visible.astype(np.float64), 0),
    }
    return in_order(CTF_ROWS, rows)


PROFILE = Profile(
    name="raw",
    consumers="scripts and methods of your own",
    kinds=("volumes", "series"),
    part_of=part_of,
    files_of=files_of,
    endings=(CTF_ENDING,),
    needs_tilts=True,
)
