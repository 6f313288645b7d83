"""The classic image-series table of Warp 1.0.9: one row per tilt image, with the pose in that very tilt.

What cryoDRGN-ET, tomoDRGN and RECOVAR were built on. Trajectories survive, because every image has angles,
defocus and position of its own. Images are raw: no CTF, no weights. Rows and slices run from the lowest dose
to the highest.

tomoDRGN recognises the file by its list of columns, so there are no others. It takes the arc cosine of
``rlnCtfScalefactor``, which is therefore at most 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from mtui.profiles.columns import Rows, in_order, join, star_table
from mtui.profiles.image_rows import image_rows
from mtui.profiles.names import classic_stack_name
from mtui.profiles.optics import lens_columns
from mtui.profiles.profile import Part, Profile, StarFile, Target, UnitTables, filled

COLUMNS = (
    "rlnMagnification",
    "rlnDetectorPixelSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnPhaseShift",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnImageName",
    "rlnMicrographName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnCtfBfactor",
    "rlnCtfScalefactor",
    "rlnRandomSubset",
    "rlnGroupName",
)


def part_of(unit: UnitTables) -> Part:
    """A unit's rows, particle by particle."""
    if unit.stacks is None:
        raise ValueError("this profile needs stacks")
    series = unit.poses.series
    names = [
        classic_stack_name(series.root, series.species, number, series.pixel)
        for number in unit.poses.number.tolist()
    ]
    rows = image_rows(unit.stacks, names)
    constants = lens_columns(series, (1, 4, 3)) | {
        "rlnMagnification": "10000",
        "rlnDetectorPixelSize": series.pixel.text_f5,
    }
    count = len(rows["rlnImageName"])
    return {"particles": in_order(COLUMNS, rows | {name: [text] * count for name, text in constants.items()})}


def files_of(parts: Sequence[Part], target: Target) -> tuple[StarFile, ...]:
    """One file with one table."""
    rows: Rows = join([part["particles"] for part in filled(parts)])
    return (StarFile(target.output, (star_table("", rows),)),) if rows else ()


PROFILE = Profile(
    name="warp-series",
    consumers="cryoDRGN-ET, tomoDRGN, RECOVAR",
    kinds=("series",),
    part_of=part_of,
    files_of=files_of,
    tilt_order="dose",
    name_stack=classic_stack_name,
)
