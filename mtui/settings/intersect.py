"""Settings of the intersection of two particle sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from mtui.settings.option import Option


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
