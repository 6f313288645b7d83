"""Poses without images, for any program: an optics table and a particle table with positions in two units.

``rlnCoordinate*`` are output pixels from the tomogram's corner (RELION 3.1, M, WarpTools, ArtiaX, cryoCAT),
``rlnCenteredCoordinate*Angst`` Å from its centre (RELION 5).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtui.profiles.columns import axes, in_order, passed_on, repeated, star_table
from mtui.profiles.optics import number_groups, with_groups
from mtui.profiles.profile import Part, Profile, StarFile, Target, UnitTables, filled
from mtui.profiles.relion31 import pose_rows, volume_optics

OPTICS = (
    "rlnOpticsGroup",
    "rlnOpticsGroupName",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnImagePixelSize",
    "rlnTomoTiltSeriesPixelSize",
)
PARTICLES = (
    "rlnMicrographName",
    "rlnTomoName",
    "rlnTomoParticleName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnCenteredCoordinateXAngst",
    "rlnCenteredCoordinateYAngst",
    "rlnCenteredCoordinateZAngst",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnOriginZAngst",
    "rlnRandomSubset",
    "rlnOpticsGroup",
)
CENTRED = "rlnCenteredCoordinateXAngst rlnCenteredCoordinateYAngst rlnCenteredCoordinateZAngst"


def part_of(unit: UnitTables) -> Part:
    """A unit's rows; the centre is half of the tomogram's size in Å."""
    poses = unit.poses
    series = poses.series
    centred = axes(CENTRED, poses.position_ang - np.asarray(series.volume_ang) / 2, 5)
    rows = pose_rows(poses) | centred | repeated({"rlnOpticsGroup": "1"}, len(poses))
    extra = {} if unit.options.strict else passed_on(poses.extra)
    return {
        "particles": in_order(PARTICLES, rows) | extra,
        "optics": in_order(OPTICS[2:], volume_optics(series)),
        "tomogram": {"rlnTomoName": [series.name]},
    }


def files_of(parts: Sequence[Part], target: Target) -> tuple[StarFile, ...]:
    """One file with both tables."""
    kept = filled(parts)
    if not kept:
        return ()
    optics, groups = number_groups(kept, merge=True)
    tables = (star_table("optics", optics), star_table("particles", with_groups(kept, groups)))
    return (StarFile(target.output, tables),)


PROFILE = Profile(
    name="coordinates",
    consumers="anything that reads positions: RELION, M, WarpTools, ArtiaX, cryoCAT",
    kinds=("none",),
    part_of=part_of,
    files_of=files_of,
)
