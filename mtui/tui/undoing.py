"""Going back to a species' version before the current one, in a child process, which this module also is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mtui.errors import MtuiError
from mtui.model.species import Species
from mtui.tui.child import module_command, run_child


class UndoError(Exception):
    """The version before could not be made current again; the text is for people."""


async def go_back(population: Path, species: Species) -> str:
    """Make the version before current again, and say what that did; the child is left to finish.

    Raises:
        UndoError: with the reason and the remedy.
    """
    words = (str(population), species.guid, species.version, species.previous_version)
    output = await run_child(module_command("mtui.tui.undoing", *words), kill=False)
    if output.exit_code:
        raise UndoError(output.last_words)
    particles = json.loads(output.stdout)["particles"]
    return f"{species.name}: version {species.previous_version} is current again, {particles:,} particles."


def main(population_path: str, guid: str, version: str, previous_version: str) -> int:
    """The child: restore, if the species is still at the version that the user saw."""
    from mtui.errors import ModelError
    from mtui.model.population import load_population
    from mtui.model.species import count_particles
    from mtui.model.versions import restore_version

    try:
        species = load_population(Path(population_path), strict=False).find_species(guid)
        if species.version != version:
            raise ModelError(
                f"{species.name} is at version {species.version} now, not at {version} any more.",
                "Somebody else changed it: read the population again (f5).",
            )
        restored = restore_version(species, previous_version)
    except MtuiError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return error.exit_code
    print(json.dumps({"particles": count_particles(restored)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
