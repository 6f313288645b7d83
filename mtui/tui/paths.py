"""Paths as people type and paste them, and their completion, like a shell's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

ENTRY_CAP = 200_000
"""Entries of one folder that are looked at; some folders hold more than anyone can wait for."""
CANDIDATE_CAP = 500


@dataclass(frozen=True, slots=True)
class Completion:
    """What a typed path can become."""

    text: str
    """The path up to the longest prefix common to all candidates."""
    candidates: tuple[str, ...]
    """Names that fit, folders with a slash; at most :data:`CANDIDATE_CAP`."""
    problem: str = ""
    """Why the folder could not be read; empty if it could."""


def clean_pasted_path(text: str) -> str:
    """A pasted path without what comes along with it: blanks, a newline, quotes, ``file://``."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) >= 2 and line[0] == line[-1] and line[0] in "'\"":
        line = line[1:-1]
    return unquote(urlsplit(line).path) if line.startswith("file://") else line


def expand_path(text: str) -> Path:
    """The absolute path that a typed text means; ``~``, ``$VAR`` and ``..`` are resolved, links are not."""
    expanded = os.path.expanduser(os.path.expandvars(text.strip()))  # noqa: PTH111 - Path cannot expand "~" in "a/~"
    return Path(os.path.abspath(expanded))  # noqa: PTH100 - Path.absolute keeps ".."


def complete_path(text: str, suffixes: tuple[str, ...] = ()) -> Completion:
    """Complete the last part of a typed path from its folder; files with one of the suffixes, if given."""
    head, _, prefix = text.rpartition("/")
    folder = expand_path(f"{head}/" if "/" in text else ".")
    try:
        names = sorted(islice(_matching_names(folder, prefix, suffixes), CANDIDATE_CAP))
    except OSError as error:
        return Completion(text, (), f"{folder}: {error.strerror}")
    if not names:
        return Completion(text, ())
    common = os.path.commonprefix(names)  # noqa: RUF071 - a shell completes letters, not folders
    return Completion(f"{head}/{common}" if "/" in text else common, tuple(names))


def _matching_names(folder: Path, prefix: str, suffixes: tuple[str, ...]) -> list[str]:
    names = []
    with os.scandir(folder) as entries:
        for entry in islice(entries, ENTRY_CAP):
            if not entry.name.startswith(prefix) or (entry.name.startswith(".") and not prefix):
                continue
            if entry.is_dir():
                names.append(entry.name + "/")
            elif not suffixes or entry.name.endswith(suffixes):
                names.append(entry.name)
    return names


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a folder: folders first, then the files that fit."""

    folder: Path
    folders: tuple[str, ...]
    files: tuple[str, ...]
    problem: str = ""


def list_folder(folder: Path, suffixes: tuple[str, ...] = ()) -> Listing:
    """The folders and the fitting files of a folder, hidden ones left out."""
    try:
        names = sorted(_matching_names(folder, "", suffixes))
    except OSError as error:
        return Listing(folder, (), (), f"{folder}: {error.strerror}")
    folders = tuple(name.rstrip("/") for name in names if name.endswith("/"))
    return Listing(folder, folders, tuple(name for name in names if not name.endswith("/")))
