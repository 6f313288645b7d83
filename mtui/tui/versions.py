"""The versions of a species: listed, and gone back to, in child processes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mtui.model.species import Species
from mtui.tui.child import module_command, run_child


class VersionsError(Exception):
    """Versions could not be read, or one not be made current; the text is for people."""


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """One version as a list shows it."""

    name: str
    previous: str
    particles: int
    written: str
    """Date and time of its table."""
    is_current: bool


async def list_in_child(population: Path, species: Species) -> tuple[ListedVersion, ...]:
    """All versions of a species, the current one first; raises VersionsError."""
    output = await run_child(
        module_command("mtui", "versions", str(population), species.guid or species.name, "--json")
    )
    if output.exit_code:
        raise VersionsError(output.last_words)
    return tuple(
        ListedVersion(
            entry["version"],
            entry["previous_version"],
            entry["particles"],
            entry["written"].replace("T", " ")[:16],
            entry["current"],
        )
        for entry in json.loads(output.stdout)["versions"]
    )


async def go_back(population: Path, species: Species, version: str) -> str:
    """Make a version current again, and say what that did; the child is left to finish.

    Raises:
        VersionsError: with the reason and the remedy.
    """
    words = (str(population), species.guid, species.version, version)
    output = await run_child(module_command("mtui.tui.undoing", *words), kill=False)
    if output.exit_code:
        raise VersionsError(output.last_words)
    particles = json.loads(output.stdout)["particles"]
    return f"{species.name}: version {version} is current again, {particles:,} particles."
