"""How a species looks: its row in the list and its details."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtui.jobs.wording import plural
from mtui.model.population import BrokenEntry, Population
from mtui.model.species import Species
from mtui.tui.species_numbers import SpeciesNumbers
from mtui.tui.text import fit_left, shorten_middle, wrap
from mtui.tui.widgets.lines import Line, line
from mtui.tui.widgets.rows import Row

LABEL_COLUMNS = 13
COUNT_COLUMNS = 12
RESOLUTION_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of a species' particle table, or why there is no number (yet)."""

    number: int | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        """The number, an exclamation mark, or dots while it is read."""
        return f"{self.number:,}" if self.number is not None else "!" if self.problem else "..."


def key_of(entry: Species | BrokenEntry) -> str:
    """What identifies an entry of the list: its file, since a broken one may have no GUID."""
    return str(entry.path)


def name_of(entry: Species | BrokenEntry) -> str:
    """The name as M shows it; of a broken entry, its file's."""
    return entry.name if isinstance(entry, Species) else f"! {entry.path.name}"


def list_header(width: int) -> Line:
    """Names of the columns."""
    room = width - 2 - COUNT_COLUMNS - RESOLUTION_COLUMNS
    return line(
        f"  {fit_left('Name', room)}{'Particles':>{COUNT_COLUMNS}}{'Res Å':>{RESOLUTION_COLUMNS}}", "quiet"
    )


def species_row(entry: Species | BrokenEntry, count: Count, width: int) -> Row:
    """Name, particles, resolution."""
    room = width - 2 - COUNT_COLUMNS - RESOLUTION_COLUMNS
    if isinstance(entry, BrokenEntry):
        return Row(key_of(entry), line(fit_left(name_of(entry), width - 2), "error"))
    resolution = resolution_text(entry)
    text = f"{fit_left(entry.name, room)}{count.text:>{COUNT_COLUMNS}}{resolution:>{RESOLUTION_COLUMNS}}"
    return Row(key_of(entry), line(text))


def resolution_text(species: Species) -> str:
    """Resolution to 0.1 Å; a dash where it was never determined."""
    return f"{species.resolution_ang:.1f}" if species.resolution_ang > 0 else "-"


def summary(population: Population) -> str:
    """What a population holds, for the title."""
    series = sum(len(source.files) for source in population.valid_sources)
    return f"{plural(len(population.sources), 'source')}, {plural(series, 'tilt series', 'tilt series')}"


def details(
    entry: Species | BrokenEntry, count: Count, numbers: SpeciesNumbers | str, width: int
) -> list[Line]:
    """The details of an entry; ``numbers`` is a text while they are not there."""
    if isinstance(entry, BrokenEntry):
        return _broken(entry, width)
    lines = [
        line(entry.name, "strong"),
        *_parameters(entry),
        line(),
        *_counted(entry, count, numbers, width),
        line(),
    ]
    lines.append(_pair("Version", _version_text(entry)))
    lines.append(_pair("Folder", shorten_middle(_folder_text(entry), width - LABEL_COLUMNS)))
    return lines


def _parameters(species: Species) -> list[Line]:
    poses = f"{species.temporal_movement} position, {species.temporal_rotation} rotation"
    return [
        _pair("Diameter", f"{species.diameter_ang} Å"),
        _pair("Weight", f"{species.weight_kda:f} kDa"),
        _pair("Symmetry", species.symmetry),
        _pair("Resolution", f"{resolution_text(species)} Å     B-factor {species.bfactor_ang2}"),
        _pair("Pixel, box", f"{species.angpix:.4f} Å/px, {species.box_px} px"),
        _pair("Poses", poses),
    ]


def _counted(species: Species, count: Count, numbers: SpeciesNumbers | str, width: int) -> list[Line]:
    if count.problem:
        return [line(text, "error") for text in wrap(f"! {count.problem}", width)]
    if isinstance(numbers, str):
        return [_pair("Half-sets", numbers)]
    lines = [
        _pair("Half-sets", f"{numbers.half_counts[0]:,} / {numbers.half_counts[1]:,}"),
        line(),
        line("Particles by source"),
    ]
    lines += [_source_line(*entry, width) for entry in numbers.by_source]
    if numbers.without_source:
        lines.append(line(f"  ! {numbers.without_source:,} particles without a source", "error"))
    return lines


def _source_line(name: str, series: int, particles: int, width: int) -> Line:
    tail = f"{plural(series, 'series', 'series'):>11}{particles:>10,}"
    return line(f"  {fit_left(name, width - 2 - len(tail))}{tail}")


def _pair(label: str, value: str) -> Line:
    return ((label.ljust(LABEL_COLUMNS), "quiet"), (value, "plain"))


def _version_text(species: Species) -> str:
    if not species.version:
        return "none yet"
    return species.version + (f", was {species.previous_version}" if species.previous_version else "")


def _folder_text(species: Species) -> str:
    relative = os.path.relpath(species.folder, Path.cwd())
    return str(species.folder) if relative.startswith("..") else relative


def _broken(entry: BrokenEntry, width: int) -> list[Line]:
    problem = wrap(f"! {entry.error.message}", width)
    return [
        line(name_of(entry), "error"),
        *(line(text, "error") for text in problem),
        line(),
        *(line(text) for text in wrap(entry.error.hint, width)),
    ]


def matches(entry: Species | BrokenEntry, words: str) -> bool:
    """Whether an entry passes a filter: every word is somewhere in its name or folder."""
    text = f"{name_of(entry)} {entry.path}".lower()
    return all(word in text for word in words.split())


def filtered(entries: Sequence[Species | BrokenEntry], words: str) -> list[Species | BrokenEntry]:
    """The entries that pass a filter."""
    return [entry for entry in entries if matches(entry, words)]
