"""``mtui species``: the species and sources of a population, or one species in detail."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.command import Command, add_json
from mtui.errors import ExitCode, MtuiError

if TYPE_CHECKING:
    from mtui.model.population import BrokenEntry, Population
    from mtui.model.source import DataSource
    from mtui.model.species import Species

Row = dict[str, output.Json]

SPECIES_COLUMNS = {
    "name": "Species",
    "diameter_ang": "Diameter Å",
    "weight_kda": "kDa",
    "symmetry": "Symmetry",
    "resolution_ang": "Resolution Å",
    "particles": "Particles",
}
SOURCE_COLUMNS = {"name": "Source", "series": "Series", "angpix": "Å/px", "path": "File"}


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("population", metavar="POPULATION", type=Path, help="The M .population file.")
    parser.add_argument(
        "species",
        metavar="SPECIES",
        nargs="?",
        help="Show this one in detail: its name as M shows it, its file-safe form, or its GUID.",
    )
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    from mtui.model.population import load_population

    population = load_population(arguments.population, strict=False)
    if arguments.species is None:
        return _list(population, arguments.json)
    from mtui.cli.species_details import show_details

    show_details(population, population.find_species(arguments.species), arguments.json)
    return ExitCode.COMPLETE


def _list(population: Population, as_json: bool) -> int:
    """List everything, what is broken with the reason; then the exit code is 1."""
    species = [_species_row(entry) for entry in population.species]
    sources = [_source_row(entry) for entry in population.sources]
    if as_json:
        output.write_json(
            {
                "population": str(population.path),
                "name": population.name,
                "species": species,
                "sources": sources,
            }
        )
    else:
        _write_rows(SPECIES_COLUMNS, species, right=(1, 2, 4, 5))
        output.write_line()
        _write_rows(SOURCE_COLUMNS, sources, right=(1, 2))
    reasons = [str(row["error"]) for row in (*species, *sources) if "error" in row]
    for reason in reasons:
        output.write_note(f"mtui: {reason}")
    return ExitCode.FAILED if reasons else ExitCode.COMPLETE


def _species_row(entry: Species | BrokenEntry) -> Row:
    from mtui.model.population import BrokenEntry
    from mtui.model.species import count_particles

    if isinstance(entry, BrokenEntry):
        return _broken_row(entry)
    row: Row = {
        "name": entry.name,
        "guid": entry.guid,
        "path": str(entry.path),
        "diameter_ang": entry.diameter_ang,
        "weight_kda": float(entry.weight_kda),
        "symmetry": entry.symmetry,
        "resolution_ang": float(entry.resolution_ang) if entry.resolution_ang > 0 else None,
    }
    try:
        return row | {"particles": count_particles(entry)}
    except MtuiError as error:
        return row | {"particles": None, "error": str(error)}


def _source_row(entry: DataSource | BrokenEntry) -> Row:
    from mtui.model.population import BrokenEntry

    if isinstance(entry, BrokenEntry):
        return _broken_row(entry)
    return {
        "name": entry.name,
        "guid": entry.guid,
        "path": str(entry.path),
        "angpix": float(entry.angpix),
        "series": len(entry.files),
    }


def _broken_row(entry: BrokenEntry) -> Row:
    name = entry.path.stem
    return {"name": name, "guid": entry.guid, "path": str(entry.path), "error": str(entry.error)}


def _write_rows(columns: dict[str, str], rows: list[Row], right: tuple[int, ...]) -> None:
    cells = [
        [_cell(row.get(key)) + (" !" if key == "name" and "error" in row else "") for key in columns]
        for row in rows
    ]
    output.write_table(tuple(columns.values()), cells, right)


def _cell(value: output.Json) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


COMMAND = Command(
    "species", "List the species of a population, or show one of them in detail.", _configure, _run
)
