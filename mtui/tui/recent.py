"""The populations that were opened last."""

from __future__ import annotations

import contextlib
from pathlib import Path

from mtui.errors import WriteError
from mtui.formats.files import absolute_path, make_folder, write_text
from mtui.jobs.record import state_folder

KEPT = 10


def recent_populations() -> tuple[Path, ...]:
    """The populations opened last that are still there, the last one first."""
    try:
        lines = _path().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(path for path in map(Path, lines) if path.is_file())


def remember_population(population: Path) -> None:
    """Put a population at the head of the list; a state folder that cannot be written is no failure."""
    path = absolute_path(population)
    kept = [path, *(other for other in recent_populations() if other != path)][:KEPT]
    with contextlib.suppress(WriteError):
        make_folder(_path().parent)
        write_text(_path(), "".join(f"{entry}\n" for entry in kept))


def _path() -> Path:
    return state_folder() / "recent.txt"
