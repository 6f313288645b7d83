"""The child process that makes a species' version current again, if nobody changed it meanwhile.

Run as ``python -m mtui.tui.undoing POPULATION GUID SEEN WANTED``; it answers with one line of JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mtui.errors import ModelError, MtuiError
from mtui.model.population import load_population
from mtui.model.species import count_particles
from mtui.model.versions import restore_version


def main(population_path: str, guid: str, seen: str, wanted: str) -> int:
    """Restore, answer, and return the exit code; the reason for a refusal goes to stderr."""
    try:
        species = load_population(Path(population_path), strict=False).find_species(guid)
        if species.version != seen:
            raise ModelError(
                f"{species.name} is at version {species.version} now, not at {seen} any more.",
                "Somebody else changed it: read the population again (f5).",
            )
        restored = restore_version(species, wanted)
    except MtuiError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return error.exit_code
    print(json.dumps({"particles": count_particles(restored)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
