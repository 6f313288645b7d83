"""What a user says about the names in a table: text to strip, a pattern, a list of names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from mtui.errors import FormatError, InputError
from mtui.matching.names import NameRule, base_name
from mtui.settings import IntersectSettings


def rules_of(settings: IntersectSettings) -> tuple[NameRule, ...]:
    """The rules that the settings ask for, in the order in which they are tried.

    Raises:
        InputError: a pattern that is no regular expression; the list of names does not exist.
        FormatError: a line of it has not two words.
    """
    rules: list[NameRule] = []
    prefix, suffix = settings.strip_prefix or "", settings.strip_suffix or ""
    if prefix or suffix:
        rules.append(NameRule("name without the given prefix and suffix", _stripping(prefix, suffix)))
    if settings.name_pattern:
        rules.append(NameRule("given pattern", _by_pattern(settings.name_pattern)))
    if settings.name_map:
        known = read_name_map(settings.name_map)
        rules.append(NameRule("given list", lambda name: known.get(name) or known.get(base_name(name))))
    return tuple(rules)


def read_name_map(path: Path) -> dict[str, str]:
    """Name in a table -> tilt series, from a text file with two words per line; ``#`` begins a comment.

    Raises:
        InputError: there is no such file.
        FormatError: a line has not two words, or a name stands there twice, with the line's number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Give a text file with --name-map.") from error
    names: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2:
            raise FormatError(
                f"{path}, line {number}: {line.strip()!r} has {len(words)} words.",
                "Each line needs two: a name of the table, and the tilt series it stands for.",
            )
        if names.setdefault(words[0], words[1]) != words[1]:
            raise FormatError(
                f"{path}, line {number}: {words[0]} is {words[1]} here and {names[words[0]]} before.",
                "Keep one of the lines.",
            )
    return names


def _stripping(prefix: str, suffix: str) -> Callable[[str], str | None]:
    def strip(name: str) -> str | None:
        base = base_name(name)
        bare = base.removeprefix(prefix).removesuffix(suffix)
        return bare if bare != base else None

    return strip


def _by_pattern(pattern: str) -> Callable[[str], str | None]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"--name-pattern {pattern!r} is not a regular expression: {error}.", "Correct the pattern."
        ) from error

    def find(name: str) -> str | None:
        found = compiled.search(name)
        return (found[1] if compiled.groups else found[0]) if found else None

    return find
