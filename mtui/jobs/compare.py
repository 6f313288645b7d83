"""The child process that compares two particle sets for the app: ``python -m mtui.jobs.compare SETTINGS``.

SETTINGS are those of ``mtui intersect`` as JSON. It writes to stdout one line of JSON, then the distances of
all pairs in Å as little-endian float32. It can be killed at any moment, for it changes nothing.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mtui.errors import ExitCode, MtuiError
from mtui.matching.intersect import compare
from mtui.model.population import load_population
from mtui.settings import IntersectSettings, check, from_json

if TYPE_CHECKING:
    from mtui.matching.intersect import Comparison
    from mtui.model.dialects import Detection, UsedAngpix


def main(text: str) -> int:
    """Compare, answer on stdout, and return the exit code; the reason for a refusal goes to stderr."""
    try:
        settings = from_json(IntersectSettings, text)
        check(settings)
        population = load_population(settings.population, strict=False)
        comparison = compare(population, population.find_species(settings.species), settings)
    except MtuiError as error:
        print(f"mtui: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    sys.stdout.buffer.write(encode(comparison, settings.tolerance))
    sys.stdout.buffer.flush()
    return ExitCode.COMPLETE


def encode(comparison: Comparison, tolerance_ang: float) -> bytes:
    """The answer: a header line and the distances."""
    new = comparison.new
    header = {
        "n_old": comparison.distances.n_old,
        "n_new": comparison.distances.n_new,
        "n_rows": new.n_rows,
        "coords_angpix": _field_text(new.detection.coordinates),
        "shifts_angpix": _field_text(new.detection.shifts),
        "other_both": comparison.other_both,
        "counted_at": tolerance_ang,
        "unmatched": _examples(comparison),
        "remarks": [
            *new.detection.warnings,
            *_conflicts(comparison, tolerance_ang),
            _understood(new.detection),
            f"Counted from {new.detection.centre}; angles: {new.detection.angles}.",
            *new.detection.notes,
        ],
    }
    return json.dumps(header).encode() + b"\n" + comparison.distances.sorted_ang.astype("<f4").tobytes()


def _conflicts(comparison: Comparison, tolerance_ang: float) -> list[str]:
    count = comparison.half_conflicts(tolerance_ang)
    return [f"{count:,} common particles are in different half-sets; the old one is kept."] if count else []


def _understood(detection: Detection) -> str:
    return (
        f"Read as {detection.dialect.value}; coordinates {detection.coordinates}, shifts {detection.shifts}."
    )


def _field_text(used: UsedAngpix) -> str:
    """The pixel size as a field of a form shows it; empty where there is none, or one per optics group."""
    return f"{used.values[0]:.7g}" if len(used.values) == 1 else ""


def _examples(comparison: Comparison) -> list[str]:
    names = comparison.new.names
    if names is None or not names.unmatched:
        return []
    listed = [f"table: {name}" for name in names.unmatched[:10]]
    return [*listed, *(f"source: {name}" for name in names.known[:10])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
