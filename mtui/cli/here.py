"""The population that a command is about where none is named, and commands about its jobs."""

from __future__ import annotations

import shlex
from pathlib import Path

from mtui.errors import InputError


def find_population(folder: Path) -> Path:
    """The only population in a folder, or in the nearest folder above it that has one.

    Raises:
        InputError: there is none, or there are several.
    """
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        found = sorted(path for path in place.glob("*.population") if path.is_file())
        if len(found) > 1:
            names = ", ".join(path.name for path in found[:10])
            raise InputError(f"{place} has several populations: {names}.", "Choose one with --population.")
        if found:
            return found[0]
    raise InputError(
        f"Neither {folder} nor a folder above it has a population.", "Name it with --population PATH."
    )


def jobs_command(action: str, number: int, population: Path) -> str:
    """The command about a job, as it has to be typed in the current folder."""
    words = ["mtui", "jobs", action, str(number)]
    try:
        is_here = find_population(Path.cwd()).samefile(population)
    except (InputError, OSError):
        is_here = False
    return shlex.join(words if is_here else [*words, "--population", str(population)])
