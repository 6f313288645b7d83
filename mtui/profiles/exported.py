"""An exported set read back: which profile it follows, its tables, the images it lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtui.errors import InputError
from mtui.formats.files import absolute_path
from mtui.formats.star import StarTable, read_star
from mtui.profiles.raw import CTF_ENDING
from mtui.profiles.relion5 import OPTIMISATION_ENDING, TOMOGRAMS_ENDING

MEMBERS = ("rlnTomoParticlesFile", "rlnTomoTomogramsFile")


@dataclass(frozen=True, slots=True, eq=False)
class ExportedSet:
    """The files of one export."""

    star: Path
    """The table with the particles."""
    profile: str
    tables: dict[str, StarTable]
    """Blocks of the particle table's file."""
    companions: dict[Path, dict[str, StarTable]]
    """Blocks of the other files of the set that exist."""

    @property
    def particles(self) -> StarTable:
        """The table with one row per particle, or per image."""
        return self.tables["particles"] if "particles" in self.tables else next(iter(self.tables.values()))

    def companion(self, ending: str) -> dict[str, StarTable]:
        """Blocks of the file with this ending; empty where there is none."""
        return self.companions.get(beside(self.star, ending), {})

    @property
    def image_names(self) -> list[str]:
        """Paths of the images as they stand in the particle table, without slice numbers, each once."""
        columns = ("rlnImageName", "rlnCtfImage")
        texts = (self.particles.texts(name).tolist() for name in columns if name in self.particles.columns)
        return list(dict.fromkeys(text.rpartition("@")[2] for column in texts for text in column))


def read_exported(star: Path) -> ExportedSet:
    """Read a set by its particle table, or by its optimisation set.

    Raises:
        FormatError: a file is no STAR file.
        InputError: the tables are none that mtui exports.
    """
    star = absolute_path(star)
    tables = read_star(star)
    listed = _particles_file(star, tables)
    if listed is not None:
        star, tables = listed, read_star(listed)
    companions = {
        path: read_star(path)
        for ending in (TOMOGRAMS_ENDING, OPTIMISATION_ENDING, CTF_ENDING)
        if (path := beside(star, ending)).is_file()
    }
    profile = recognise(tables)
    if profile is None:
        raise InputError(
            f"{star} is not a set that mtui exports: its blocks are {', '.join(map(repr, tables))} with the "
            f"columns {', '.join(list(next(iter(tables.values())).columns)[:6])}, ...",
            "Give the particle table of an export, or its optimisation set.",
        )
    return ExportedSet(star, profile, tables, companions)


def recognise(tables: dict[str, StarTable]) -> str | None:
    """The profile that tables follow."""
    if "images" in tables:
        return None  # the table of CTFs that goes with a raw set
    if "general" in tables and "particles" in tables:
        return "relion5"
    if "particles" in tables and "optics" in tables:
        columns = tables["particles"].columns
        if "rlnImageName" not in columns:
            return "coordinates"
        return "relion31" if "rlnCtfImage" in columns else "raw"
    columns = next(iter(tables.values())).columns
    if "rlnGroupName" in columns and "rlnCtfScalefactor" in columns:
        return "warp-series"
    return "relion3" if "rlnCtfImage" in columns else None


def beside(star: Path, ending: str) -> Path:
    """Another file of the set that ``star`` is the main table of."""
    return star.with_name(f"{star.name.removesuffix('.star')}{ending}")


def path_columns(tables: dict[str, StarTable]) -> Iterator[tuple[StarTable, str]]:
    """Every column of a file that holds paths."""
    wanted = ("rlnImageName", "rlnCtfImage", "rlnTomoTiltSeriesName", *MEMBERS)
    for table in tables.values():
        yield from ((table, name) for name in wanted if name in table.columns)


def whole_numbers(table: StarTable, column: str) -> np.ndarray:
    """A column of whole numbers that was read as text."""
    return table.texts(column).astype(np.float64).astype(np.int64)


def _particles_file(star: Path, tables: dict[str, StarTable]) -> Path | None:
    """The particle table that an optimisation set lists, wherever its paths start from."""
    listed = next((t.texts(MEMBERS[0])[0] for t in tables.values() if MEMBERS[0] in t.columns), None)
    if listed is None:
        return None
    name = str(listed)
    places = [folder / name for folder in (star.parent, Path.cwd(), *star.parents)]
    places.append(star.with_name(name.rpartition("/")[2]))
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise InputError(
            f"{star} lists the particles {name}, which do not exist from its folder, the working directory "
            "or above.",
            "Give the particle table itself, or repair the paths with mtui rebase.",
        )
    return absolute_path(found)
