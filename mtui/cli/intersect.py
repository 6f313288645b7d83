"""``mtui intersect``: compare a species' particles with another set and keep some of old, common and new."""

from __future__ import annotations

import argparse

from mtui.cli import output
from mtui.cli.command import Command, add_dry_run, add_json
from mtui.cli.flags import add_options, settings_from
from mtui.errors import ExitCode, InputError
from mtui.settings import IntersectSettings, check


def _configure(parser: argparse.ArgumentParser) -> None:
    add_options(parser, IntersectSettings)
    parser.add_argument("--histogram", action="store_true", help="Print the histogram of the distances.")
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
    from mtui.model.population import load_population

    population = load_population(settings.population, strict=False)
    comparison = compare(population, population.find_species(settings.species), settings)
    if settings.keep:
        refuse_empty(comparison, settings.tolerance, settings.keep)
    committed = None if arguments.dry_run else commit(comparison, settings.tolerance, settings.keep)
    write_notes(comparison)
    if arguments.json:
        output.write_json(as_json(comparison, settings, committed, arguments.histogram))
    else:
        write_text(comparison, settings, committed, arguments.histogram)
    return ExitCode.COMPLETE


COMMAND = Command(
    "intersect",
    "Compare a species' particles with another set and keep some of old, common and new.",
    _configure,
    _run,
    IntersectSettings,
)
