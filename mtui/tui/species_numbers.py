"""The numbers of a species that need its whole particle table, read by ``mtui species`` in a child."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mtui.model.species import Species
from mtui.tui.child import module_command, run_child


@dataclass(frozen=True, slots=True)
class SpeciesNumbers:
    """What the details show beside the parameters."""

    half_counts: tuple[int, int]
    by_source: tuple[tuple[str, int, int], ...]
    """Name of each source, its tilt series with particles of the species, those particles."""
    without_source: int
    """Particles whose tilt series is in no source."""


class NumbersReader:
    """Reads the numbers of a population's species, once for each state of a particle table."""

    def __init__(self, population: Path) -> None:
        self._population = population
        self._known: dict[tuple[Path, int], SpeciesNumbers | str] = {}

    async def read(self, species: Species) -> SpeciesNumbers | str:
        """The numbers of a species, or in a sentence why there are none."""
        try:
            table = (species.particles_path, species.particles_path.stat().st_mtime_ns)
        except OSError as error:
            return f"{species.particles_path}: {error.strerror}"
        if table not in self._known:
            command = module_command("mtui", "species", str(self._population), species.guid, "--json")
            output = await run_child(command)
            self._known[table] = output.last_words if output.exit_code else parse_numbers(output.stdout)
        return self._known[table]


def parse_numbers(text: bytes) -> SpeciesNumbers:
    """The numbers in what the command printed."""
    values = json.loads(text)
    first, second = values["half_sets"]
    sources = ((entry["name"], len(entry["series"]), entry["particles"]) for entry in values["sources"])
    return SpeciesNumbers((first, second), tuple(sources), values["without_source"])
