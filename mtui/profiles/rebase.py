"""Repair the paths of an exported set after it, its images or the program's working directory moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from mtui.errors import InputError
from mtui.formats.files import absolute_path, relative_posix
from mtui.formats.star import StarTable, read_star
from mtui.formats.star_writer import write_star
from mtui.profiles.exported import ExportedSet, path_columns, read_exported

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Rebased:
    """What was done."""

    files: tuple[Path, ...]
    """Tables that were written anew."""
    paths: int
    """Paths in them that changed."""
    base: Path
    """Where paths start from now."""


def rebase_set(star: Path, to: Path, start: Path | None = None) -> Rebased:
    """Rewrite all paths in the files of a set so that they lead from the folder ``to`` to the files.

    Where the files are now is found out: from ``start`` if given, else from the STAR file's folder, the
    working directory, the folders above the STAR file; at last the ends of the paths below the STAR file's
    folder, for a set that was moved as a whole. Cells that are not paths stay as they are, letter by letter.

    Raises:
        FormatError, InputError: not an exported set, or a path leads nowhere.
        WriteError: a file could not be written.
    """
    found = read_exported(star)
    to = absolute_path(to)
    if not to.is_dir():
        raise InputError(f"{to} is not a folder.", "Give the folder from which the program will be started.")
    files = (*found.companions, found.star)
    blocks = {path: _text_tables(path) for path in files}
    moved = _moves(found, blocks, to, start)
    changed = {
        path: [_replaced(table, moved) for table in tables.values()] for path, tables in blocks.items()
    }
    for path, tables in changed.items():
        write_star(path, tables)
    return Rebased(files, sum(old != new for old, new in moved.items()), to)


def _text_tables(path: Path) -> dict[str, StarTable]:
    return read_star(path, numeric=lambda name: False)


def _moves(
    found: ExportedSet, blocks: dict[Path, dict[str, StarTable]], to: Path, start: Path | None
) -> dict[str, str]:
    """New text of every path, by old text without slice number."""
    texts = dict.fromkeys(
        cell.rpartition("@")[2]
        for tables in blocks.values()
        for table, column in path_columns(tables)
        for cell in table.texts(column).tolist()
    )
    places = [start] if start else [found.star.parent, Path.cwd(), *found.star.parents]
    folders: dict[str, Path] = {}
    moved: dict[str, str] = {}
    lost: list[str] = []
    for text in texts:
        target = _locate(text, places, found.star, folders)
        if target is None:
            lost.append(text)
        else:
            moved[text] = relative_posix(target, to)
    if lost:
        raise InputError(
            f"{len(lost):,} of {len(texts):,} paths of {found.star} lead nowhere, such as "
            f"{', '.join(lost[:SHOWN])}.",
            "Say where they started from with --from DIR.",
        )
    return moved


def _locate(text: str, places: list[Path], star: Path, folders: dict[str, Path]) -> Path | None:
    """The file that a path means; where one file of a folder was found, the next ones are sought first."""
    folder, _, name = text.replace("\\", "/").rpartition("/")
    known = folders.get(folder)
    if known is not None and (known / name).is_file():
        return known / name
    tails = [
        PurePosixPath(*PurePosixPath(folder).parts[skip:])
        for skip in range(len(PurePosixPath(folder).parts) + 1)
    ]
    candidates = [place / folder for place in places] + [star.parent / tail for tail in tails]
    for candidate in map(absolute_path, candidates):
        if (candidate / name).is_file():
            folders[folder] = candidate
            return candidate / name
    return None


def _replaced(table: StarTable, moved: dict[str, str]) -> StarTable:
    columns = dict(table.columns)
    for _, column in path_columns({table.name: table}):
        columns[column] = np.array([_new_cell(cell, moved) for cell in table.texts(column).tolist()], np.str_)
    return replace(table, columns=columns)


def _new_cell(cell: str, moved: dict[str, str]) -> str:
    number, sign, path = cell.rpartition("@")
    return f"{number}{sign}{moved[path]}"
