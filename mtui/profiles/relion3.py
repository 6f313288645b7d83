"""M's own table of sub-tomograms with 3D CTFs: RELION 3.0 style, one block, exactly M's columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtui.formats.numbers import f5_text
from mtui.profiles.columns import Rows, in_order, join, repeated, star_table
from mtui.profiles.names import ctf_name, volume_name
from mtui.profiles.optics import lens_columns
from mtui.profiles.profile import Part, Profile, StarFile, Target, UnitTables, filled

COLUMNS = (
    "rlnMagnification",
    "rlnDetectorPixelSize",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnImageName",
    "rlnCtfImage",
    "rlnRandomSubset",
    "rlnPixelSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnMicrographName",
)
"""The columns of M's table (`DialogTomoParticleExport`), in its order."""


def part_of(unit: UnitTables) -> Part:
    """A unit's rows: positions in output pixels, angles 0 where the volumes are pre-rotated.

    Unlike M, which escapes them as in a URI, paths are plain text.
    """
    poses = unit.poses
    series, count = poses.series, len(poses)
    angles = np.zeros((count, 3)) if unit.options.prerotated else poses.angles_deg
    names = [(series.root, series.species, number, series.pixel) for number in poses.number.tolist()]
    lens = lens_columns(series, (1, 3, 3))
    constants = {
        "rlnMagnification": "10000.0",
        "rlnDetectorPixelSize": series.pixel.text_f5,
        "rlnPixelSize": series.pixel.text_f5,
        "rlnVoltage": lens["rlnVoltage"],
        "rlnSphericalAberration": lens["rlnSphericalAberration"],
        "rlnMicrographName": series.name,
    }
    # Single precision and its text, as in M.
    position_px = poses.position_ang.astype(np.float32) / np.float32(series.pixel.angpix)
    rows = {
        **repeated(constants, count),
        **_single("rlnCoordinateX rlnCoordinateY rlnCoordinateZ", position_px),
        **_single("rlnAngleRot rlnAngleTilt rlnAnglePsi", angles),
        "rlnImageName": [f"{series.images}/{volume_name(*name)}" for name in names],
        "rlnCtfImage": [f"{series.images}/{ctf_name(*name)}" for name in names],
        "rlnRandomSubset": [str(half + 1) for half in poses.half.tolist()],
    }
    return {"particles": in_order(COLUMNS, rows)}


def files_of(parts: Sequence[Part], target: Target) -> tuple[StarFile, ...]:
    """One file with one table."""
    rows: Rows = join([part["particles"] for part in filled(parts)])
    return (StarFile(target.output, (star_table("", rows),)),) if rows else ()


def _single(names: str, values: NDArray[np.floating]) -> Rows:
    return {name: f5_text(values[:, axis]) for axis, name in enumerate(names.split())}


PROFILE = Profile(
    name="relion3",
    consumers="RELION 3, M, MTools, WarpTools",
    kinds=("volumes",),
    part_of=part_of,
    files_of=files_of,
    has_ctf_volumes=True,
)
