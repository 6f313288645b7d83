"""Sub-tomograms with 3D CTFs for RELION 3.1 and 4: an optics table and a particle table in one file.

RELION 5 parses it too, but its author says that it cannot refine such volumes; export image series for it.
M and MTools read positions and angles back from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtui.profiles.columns import Rows, axes, count_of, fixed, in_order, passed_on, repeated, star_table
from mtui.profiles.names import ctf_name, particle_name, volume_name
from mtui.profiles.optics import lens_columns, number_groups, with_groups
from mtui.profiles.poses import SeriesFacts, UnitPoses
from mtui.profiles.profile import Part, Profile, StarFile, Target, UnitTables, filled

OPTICS = (
    "rlnOpticsGroup",
    "rlnOpticsGroupName",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnImagePixelSize",
    "rlnImageSize",
    "rlnImageDimensionality",
    "rlnCtfDataAreCtfPremultiplied",
    "rlnTomoTiltSeriesPixelSize",
    "rlnTomoSubtomogramBinning",
)
PARTICLES = (
    "rlnMicrographName",
    "rlnTomoName",
    "rlnTomoParticleName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnOriginZAngst",
    "rlnImageName",
    "rlnCtfImage",
    "rlnRandomSubset",
    "rlnOpticsGroup",
    "rlnGroupName",
)
WITHOUT_IMAGES = tuple(name for name in PARTICLES if name not in ("rlnImageName", "rlnCtfImage"))


def part_of(unit: UnitTables) -> Part:
    """A unit's rows; positions in output pixels, origins 0, volumes never premultiplied."""
    poses = unit.poses
    series, count = poses.series, len(poses)
    names = [(series.root, series.species, number, series.pixel) for number in poses.number.tolist()]
    rows = pose_rows(poses, prerotated=unit.options.prerotated)
    rows["rlnImageName"] = [f"{series.images}/{volume_name(*name)}" for name in names]
    rows["rlnCtfImage"] = [f"{series.images}/{ctf_name(*name)}" for name in names]
    particles = in_order(PARTICLES, rows | repeated({"rlnOpticsGroup": "1"}, count))
    extra = {} if unit.options.strict else passed_on(poses.extra)
    return {
        "particles": particles | extra,
        "optics": volume_optics(series),
        "tomogram": {"rlnTomoName": [series.name]},
    }


def pose_rows(poses: UnitPoses, *, prerotated: bool = False) -> Rows:
    """What RELION 3.1 and later say about where a particle is and how it lies."""
    series, count = poses.series, len(poses)
    angles = np.zeros((count, 3)) if prerotated else poses.angles_deg
    constants = {
        "rlnMicrographName": series.name,
        "rlnTomoName": series.name,
        "rlnGroupName": series.root,
        "rlnOriginXAngst": "0.00000",
        "rlnOriginYAngst": "0.00000",
        "rlnOriginZAngst": "0.00000",
    }
    return {
        **repeated(constants, count),
        "rlnTomoParticleName": [
            particle_name(series.root, series.species, number) for number in poses.number.tolist()
        ],
        **axes("rlnCoordinateX rlnCoordinateY rlnCoordinateZ", poses.position_ang / series.angpix, 5),
        **axes("rlnAngleRot rlnAngleTilt rlnAnglePsi", angles, 5),
        "rlnRandomSubset": fixed(poses.half + 1.0, 0),
    }


def volume_optics(series: SeriesFacts) -> Rows:
    """One row of optics, without number and name. Pixel sizes are those of the volumes, binning is 1."""
    values = lens_columns(series) | {
        "rlnImagePixelSize": series.pixel.text_f5,
        "rlnImageSize": str(series.box_px),
        "rlnImageDimensionality": "3",
        "rlnCtfDataAreCtfPremultiplied": "0",
        "rlnTomoTiltSeriesPixelSize": series.pixel.text_f5,
        "rlnTomoSubtomogramBinning": "1.00000",
    }
    return repeated(values, 1)


def files_of(parts: Sequence[Part], target: Target) -> tuple[StarFile, ...]:
    """One file with both tables; series of the same optics share a group."""
    kept = filled(parts)
    optics, groups = number_groups(kept, merge=True)
    particles = with_groups(kept, groups)
    tables = (star_table("optics", optics), star_table("particles", particles))
    return (StarFile(target.output, tables),) if count_of(particles) else ()


PROFILE = Profile(
    name="relion31",
    consumers="RELION 3.1 and 4 (3D refinement), M, MTools",
    kinds=("volumes",),
    part_of=part_of,
    files_of=files_of,
    has_ctf_volumes=True,
)
