"""``mtui intersect``: compare a species' particles with another set and keep some of old, common and new."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.cli.command import Command, add_dry_run, add_json
from mtui.cli.flags import add_options, settings_from
from mtui.errors import ExitCode, InputError, ModelError
from mtui.settings import IntersectSettings, check

if TYPE_CHECKING:
    from mtui.matching.distances import Histogram
    from mtui.matching.intersect import Comparison
    from mtui.model.species import Species


def _configure(parser: argparse.ArgumentParser) -> None:
    add_options(parser, IntersectSettings)
    parser.add_argument("--histogram", action="store_true", help="Print the histogram of the distances.")
    parser.add_argument(
        "--zoom",
        action="store_true",
        help="With --histogram: let it end at five tolerances, not at the largest distance.",
    )
    parser.add_argument(
        "--if-version",
        metavar="VERSION",
        help="Change nothing unless the species is at this version, the one that the counts were seen for.",
    )
    add_dry_run(parser)
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments, IntersectSettings)
    check(settings)
    if not settings.keep and not arguments.dry_run:
        raise InputError(
            "Which particles shall be kept?",
            "Give --keep with any of old, both, new, as in --keep both,new; or --dry-run to see the counts.",
        )
    from mtui.cli.intersect_report import as_json, write_notes, write_text
    from mtui.matching.intersect import commit, compare, refuse_empty
    from mtui.matching.matches import write_matches
    from mtui.model.population import load_population

    population = load_population(settings.population, strict=False)
    species = population.find_species(settings.species)
    _refuse_other_version(species, arguments.if_version)
    comparison = compare(population, species, settings)
    if settings.keep:
        refuse_empty(comparison, settings)
    if settings.matches is not None and not arguments.dry_run:
        write_matches(settings.matches, comparison, settings.tolerance)
    committed = None if arguments.dry_run else commit(comparison, settings)
    write_notes(comparison)
    histogram = _histogram(comparison, settings.tolerance, arguments.zoom) if arguments.histogram else None
    if arguments.json:
        output.write_json(as_json(comparison, settings, committed, histogram))
    else:
        write_text(comparison, settings, committed, histogram)
    return ExitCode.COMPLETE


def _refuse_other_version(species: Species, expected: str | None) -> None:
    if expected is not None and species.version != expected:
        raise ModelError(
            f"{species.name} is at version {species.version or 'none'} now, not at {expected or 'none'}: "
            "somebody else changed it.",
            "Look at the counts again before the particles are changed.",
        )


def _histogram(comparison: Comparison, tolerance_ang: float, zoomed: bool) -> Histogram:
    distances = comparison.distances
    return distances.histogram(distances.zoomed_end_ang(tolerance_ang) if zoomed else None)


COMMAND = Command(
    "intersect",
    "Compare a species' particles with another set and keep some of old, common and new.",
    _configure,
    _run,
    IntersectSettings,
)
