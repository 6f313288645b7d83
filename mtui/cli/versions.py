"""``mtui versions`` and ``mtui restore``: the versions of a species, and going back to one of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.command import Command, add_json
from mtui.errors import ExitCode

if TYPE_CHECKING:
    from mtui.model.species import Species
    from mtui.model.versions import VersionEntry


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("population", metavar="POPULATION", type=Path, help="The M .population file.")
    parser.add_argument(
        "species", metavar="SPECIES", help="The species' name as M shows it, its file-safe form, or its GUID."
    )
    add_json(parser)


def _configure_restore(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument("version", metavar="VERSION", help="A version as mtui versions lists it.")


def _species(arguments: argparse.Namespace) -> Species:
    from mtui.model.population import load_population

    return load_population(arguments.population, strict=False).find_species(arguments.species)


def _list(arguments: argparse.Namespace) -> int:
    from mtui.model.versions import list_versions

    species = _species(arguments)
    entries = list_versions(species)
    if arguments.json:
        output.write_json({"species": species.name, "versions": [_entry_json(entry) for entry in entries]})
        return ExitCode.COMPLETE
    rows = [
        (
            "*" if entry.is_current else "",
            entry.name or "none",
            f"{entry.particles:,}",
            entry.time.strftime("%Y-%m-%d %H:%M"),
            entry.previous_version or "none",
        )
        for entry in entries
    ]
    output.write_table(("", "Version", "Particles", "Written", "Version before"), rows, right=(2,))
    return ExitCode.COMPLETE


def _entry_json(entry: VersionEntry) -> dict[str, output.Json]:
    return {
        "version": entry.name,
        "previous_version": entry.previous_version,
        "particles": entry.particles,
        "written": entry.time.isoformat(timespec="seconds"),
        "current": entry.is_current,
        "folder": str(entry.species.folder),
    }


def _restore(arguments: argparse.Namespace) -> int:
    from mtui.model.species import count_particles
    from mtui.model.versions import restore_version

    species = _species(arguments)
    restored = restore_version(species, arguments.version)
    particles = count_particles(restored)
    if arguments.json:
        output.write_json(
            {
                "species": restored.name,
                "version": restored.version,
                "previous_version": restored.previous_version,
                "particles": particles,
                "changed": restored.version != species.version,
            }
        )
    else:
        output.write_line(
            f"{restored.name}: version {restored.version} is current, {particles:,} particles; "
            f"the one before is {restored.previous_version or 'none'}."
        )
    return ExitCode.COMPLETE


VERSIONS = Command("versions", "List the versions of a species.", _configure, _list)
RESTORE = Command(
    "restore", "Make an earlier version of a species current again.", _configure_restore, _restore
)
