"""Paths that moved: folders of another machine, and where they are now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mtui.errors import InputError
from mtui.formats.files import absolute_path, resolve_reference

_LONGEST_TAIL = 3


@dataclass(frozen=True, slots=True)
class Remap:
    """Replacements of leading folders, the first that fits counts."""

    pairs: tuple[tuple[str, str], ...] = ()
    """Old and new folder."""

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Remap:
        """From ``OLD=NEW`` texts; raises InputError where one is not of that form."""
        pairs = []
        for text in texts:
            old, sign, new = text.partition("=")
            if not sign or not old or not new:
                raise InputError(
                    f"The remapping {text!r} is not of the form OLD=NEW.", "Write /old/folder=/new/folder."
                )
            pairs.append((old.replace("\\", "/"), new))
        return cls(tuple(pairs))

    def apply(self, text: str) -> Path | None:
        """The path that ``text`` has now; None where no pair fits."""
        path = PurePosixPath(text.replace("\\", "/"))
        for old, new in self.pairs:
            if path.is_relative_to(old):
                return absolute_path(Path(new) / path.relative_to(old))
        return None


def data_folders(stored: str, home: Path, remap: Remap) -> tuple[Path, ...]:
    """Folders that a stored ``DataDirectory`` may mean now, best first.

    ``home`` is the folder of the file that stores it, and what an empty text means. A relative text is
    relative to it (to M it would be relative to wherever the program was started). For an absolute one that
    does not exist any more, its last parts are tried beside and below ``home``, then ``home`` itself.
    """
    if not stored:
        return (home,)
    moved = remap.apply(stored)
    literal = resolve_reference(home, stored)
    if literal.is_dir():
        return (literal,) if moved is None else (moved, literal)
    parts = [part for part in PurePosixPath(stored.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    tails = [Path(*parts[-length:]) for length in range(1, min(len(parts), _LONGEST_TAIL) + 1)]
    guesses = [absolute_path(anchor / tail) for anchor in (home.parent, home) for tail in tails]
    found = [folder for folder in guesses if folder.is_dir()]
    return tuple(dict.fromkeys(([] if moved is None else [moved]) + found + [home, literal]))
