"""Settings of the intersection of two particle sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from mtui.settings.option import Option

RELION_READING = (
    "dialect",
    "centre",
    "centre_offset",
    "angles",
    "strip_prefix",
    "strip_suffix",
    "name_pattern",
    "name_map",
)
"""Settings that tell how a table of RELION is to be read, beside its pixel sizes."""


@dataclass(frozen=True, slots=True)
class IntersectSettings:
    """Compare a species' particles with another set and keep some of old, common and new ones."""

    command: ClassVar[str] = "intersect"

    population: Path = field(
        metadata={"option": Option("Population", "The M .population file.", kind="positional")}
    )
    species: str = field(
        metadata={
            "option": Option(
                "Species",
                "The species' name as M shows it, its file-safe form, or its GUID.",
                kind="positional",
            )
        }
    )
    m_star: Path | None = field(
        default=None,
        metadata={
            "option": Option(
                "M .star",
                "The new set is a particle table written by M: positions in Å, matched by source hash. "
                "A .species file or a folder below versions/ is accepted too.",
                metavar="PATH",
            )
        },
    )
    relion_star: Path | None = field(
        default=None,
        metadata={
            "option": Option(
                "RELION .star",
                "The new set is a RELION or WarpTools particle table; its rows are "
                "matched to tilt series by name.",
                metavar="PATH",
            )
        },
    )
    coords_angpix: Decimal | None = field(
        default=None,
        metadata={
            "option": Option(
                "Coordinates",
                "Pixel size that turns the table's coordinates into Å. Default: read from the table.",
                unit="Å/px",
                minimum=0.0001,
                maximum=99999,
                step=0.0001,
            )
        },
    )
    shifts_angpix: Decimal | None = field(
        default=None,
        metadata={
            "option": Option(
                "Shifts",
                "Pixel size that turns the table's origins into Å. Default: read from the table; "
                "1 where they are in Å.",
                unit="Å/px",
                minimum=0.0001,
                maximum=99999,
                step=0.0001,
            )
        },
    )
    source: tuple[str, ...] = field(
        default=(),
        metadata={
            "option": Option(
                "Match names",
                "Match the table's names against this data source only; "
                "repeat for several. Default: all sources.",
                kind="repeat",
                metavar="NAME",
            )
        },
    )
    tolerance: float = field(
        default=10.0,
        metadata={
            "option": Option(
                "Tolerance distance",
                "Two particles that were paired are the same particle if they are at most this far apart.",
                unit="Å",
                minimum=0,
                maximum=99999,
                step=1,
            )
        },
    )
    keep: tuple[str, ...] = field(
        default=(),
        metadata={
            "option": Option(
                "Keep",
                "Which particles the species shall have: a comma list of old (only old), "
                "both, new (only new). "
                "Common particles keep their old pose.",
                metavar="SETS",
                choices=("old", "both", "new"),
            )
        },
    )
    rule: str = field(
        default="m",
        metadata={
            "option": Option(
                "Rule",
                "Which particles are paired. m: as M does, all particles of the smaller set, so that the "
                "total distance is smallest; the tolerance is applied afterwards. gated: only particles "
                "within the tolerance, as many pairs as possible, so that what is far away does not matter.",
                metavar="RULE",
                choices=("m", "gated"),
            )
        },
    )
    poses: str = field(
        default="old",
        metadata={
            "option": Option(
                "Poses",
                "Position and angles that common particles keep: the old ones, the new ones, or those of "
                "the set with the better value in the column of --better-by. Half-set and other columns "
                "stay old.",
                metavar="SET",
                choices=("old", "new", "better"),
            )
        },
    )
    better_by: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Better by",
                "Column of both tables that says which pose is better, for --poses better; "
                "the higher value wins.",
                metavar="COLUMN",
            )
        },
    )
    lowest: bool = field(
        default=False,
        metadata={"option": Option("Lowest is best", "With --better-by: the lower value wins.", kind="on")},
    )
    only_series: tuple[str, ...] = field(
        default=(),
        metadata={
            "option": Option(
                "Only series",
                "Compare the particles of this tilt series only; repeat for several. "
                "Particles of all other series stay as they are.",
                kind="repeat",
                metavar="NAME",
            )
        },
    )
    dialect: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Dialect",
                "Who wrote the RELION table, where the detection is wrong. Default: what its columns say.",
                metavar="NAME",
                choices=("relion30", "relion31", "relion4", "relion5", "warptools_2d", "normalised", "pytom"),
            )
        },
    )
    centre: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Centre",
                "Where the table's coordinates are counted from: the corner or the middle of the volume. "
                "Default: what its dialect says.",
                metavar="PLACE",
                choices=("corner", "middle"),
            )
        },
    )
    centre_offset: float | None = field(
        default=None,
        metadata={
            "option": Option(
                "Centre offset",
                "Added to x, y and z of every position of the RELION table. Minus one voxel of the tomogram "
                "corrects picks of RELION's own picker, which counts from one voxel before the middle.",
                unit="Å",
                minimum=-9999,
                maximum=9999,
                step=0.0001,
            )
        },
    )
    angles: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Angles",
                "Orientations: composed with the rotation of the sub-tomogram where the table has one (the "
                "default), the particle's own angles only, or none (all zero).",
                metavar="HOW",
                choices=("composed", "particle", "none"),
            )
        },
    )
    strip_prefix: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Strip prefix", "Text in front of the tilt series' name in the table's names.", metavar="TEXT"
            )
        },
    )
    strip_suffix: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Strip suffix", "Text behind the tilt series' name in the table's names.", metavar="TEXT"
            )
        },
    )
    name_pattern: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Name pattern",
                "Regular expression for the table's names; its first group, else all that it matches, is the "
                "tilt series' name.",
                metavar="REGEX",
            )
        },
    )
    name_map: Path | None = field(
        default=None,
        metadata={
            "option": Option(
                "Name map",
                "Text file with two words per line: a name of the table, and the tilt series it stands for.",
                metavar="PATH",
            )
        },
    )
    matches: Path | None = field(
        default=None,
        metadata={
            "option": Option(
                "Matches",
                "Also write the pairs with their distances into this STAR file.",
                metavar="PATH",
            )
        },
    )
    strict_names: bool = field(
        default=False,
        metadata={
            "option": Option(
                "All names must match",
                "Refuse a table in which any row names a tilt series that is in no selected source.",
                kind="on",
            )
        },
    )
