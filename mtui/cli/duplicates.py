"""``mtui duplicates``: remove particles of a species that stand too close to another one."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtui.cli import output
from mtui.cli.command import Command, add_dry_run, add_json
from mtui.cli.flags import read_number
from mtui.errors import ExitCode, InputError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("population", metavar="POPULATION", type=Path, help="The M .population file.")
    parser.add_argument(
        "species", metavar="SPECIES", help="The species' name as M shows it, its file-safe form, or its GUID."
    )
    parser.add_argument(
        "--distance",
        metavar="N",
        type=read_number,
        required=True,
        help="Particles of one tilt series at most this far apart are duplicates; one of them stays. [Å]",
    )
    parser.add_argument(
        "--best-by",
        metavar="COLUMN",
        help="Column of the particle table that says which one stays: the one with the highest value. "
        "Default: the first in the table.",
    )
    parser.add_argument("--lowest", action="store_true", help="With --best-by: the lowest value stays.")
    add_dry_run(parser)
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    if not 0 <= arguments.distance < float("inf"):
        raise InputError(f"--distance {arguments.distance:g} Å must be 0 or more.", "Give a distance in Å.")
    from mtui.matching.duplicates import find_particle_duplicates
    from mtui.model.population import load_population
    from mtui.model.versions import commit_particles, load_particles

    species = load_population(arguments.population, strict=False).find_species(arguments.species)
    particles = load_particles(species)
    found = find_particle_duplicates(
        particles, arguments.distance, arguments.best_by, highest=not arguments.lowest
    )
    now = species
    if len(found.removed) and not arguments.dry_run:
        now = commit_particles(species, particles.select(found.kept))
    if arguments.json:
        output.write_json(
            {
                "species": species.name,
                "particles": len(particles),
                "duplicates": len(found.removed),
                "kept": len(found.kept),
                "committed": now.version != species.version,
                "version": now.version,
                "previous_version": now.previous_version,
            }
        )
        return ExitCode.COMPLETE
    output.write_line(
        f"{species.name}: {len(found.removed):,} of {len(particles):,} particles stand within "
        f"{arguments.distance:g} Å of a better one; {len(found.kept):,} stay."
    )
    if now.version == species.version:
        output.write_line("Nothing was written.")
    else:
        output.write_line(f"Version {species.version or 'none'} -> {now.version}")
    return ExitCode.COMPLETE


COMMAND = Command(
    "duplicates", "Remove particles that stand too close to another one of the species.", _configure, _run
)
