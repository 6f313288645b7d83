"""Command-line flags made from the declared options of a settings class, and settings made from flags."""

from __future__ import annotations

import argparse
import dataclasses
import re
import types
import typing
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from mtui.settings import AnySettings, Option, Settings, flag_of, options

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE)
WHOLE_NUMBER = re.compile(r"[+-]?\d+")


def add_options(
    parser: argparse.ArgumentParser, settings_class: type[Settings], only: Collection[str] | None = None
) -> None:
    """Give a parser an argument for each option of a class, or for some; absent flags leave no trace."""
    types_of = typing.get_type_hints(settings_class)
    for name, option in options(settings_class).items():
        if only is not None and name not in only:
            continue
        if option.kind == "choice":
            _add_choices(parser, name, option)
        elif option.kind == "positional":
            parser.add_argument(
                name, metavar=name.upper(), help=_help(option), type=_reader(types_of[name], option)
            )
        else:
            parser.add_argument(
                flag_of(name, option),
                dest=name,
                help=_help(option),
                default=argparse.SUPPRESS,
                required=name in _required(settings_class),
                **_shape(option, types_of[name]),
            )


def settings_from(namespace: argparse.Namespace, settings_class: type[AnySettings]) -> AnySettings:
    """The settings in a parsed command line; what was not given keeps its declared default."""
    values = {name: getattr(namespace, name) for name in options(settings_class) if hasattr(namespace, name)}
    return settings_class(**{name: _frozen(value) for name, value in values.items()})


def guard_values(words: Sequence[str], settings_class: type[Settings]) -> list[str]:
    """The same command line with values that begin with ``-`` made safe for argparse.

    argparse takes ``-1e-3`` and ``-6`` after a flag with three values for unknown flags. A blank in front of
    a number, or ``=`` between a flag and its only value, makes them values; neither changes what is read.
    """
    declared = {flag_of(name, option): option for name, option in options(settings_class).items()}
    guarded: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        following = words[position + 1] if position + 1 < len(words) else ""
        kind = declared[word].kind if word in declared else "positional"
        if word == "--":
            return guarded + list(words[position:])
        if kind in ("value", "repeat") and following.startswith("-") and following not in declared:
            guarded.append(f"{word}={following}")
            position += 1
        else:
            guarded.append(f" {word}" if word.startswith("-") and NUMBER.fullmatch(word) else word)
        position += 1
    return guarded


def _add_choices(parser: argparse.ArgumentParser, name: str, option: Option) -> None:
    group = parser.add_mutually_exclusive_group()
    reasons = dict(option.unavailable)
    for choice in option.choices:
        note = f" Not yet: {reasons[choice]}." if choice in reasons else ""
        about = f" {option.help}" if choice == option.choices[0] else ""
        group.add_argument(
            f"--{choice}",
            dest=name,
            action="store_const",
            const=choice,
            default=argparse.SUPPRESS,
            help=f"{option.label}: {choice}.{about}{note}",
        )


def _shape(option: Option, expected: Any) -> dict[str, Any]:
    """How argparse reads one option: action, number of values, type of each."""
    if option.kind in ("on", "off"):
        return {"action": f"store_{'true' if option.kind == 'on' else 'false'}"}
    if option.kind == "triple":
        return {"nargs": 3, "type": read_number, "metavar": tuple(option.metavar.split())}
    if option.kind == "repeat":
        return {"action": "append", "metavar": option.metavar}
    return {"type": _reader(expected, option), "metavar": option.metavar}


def _reader(expected: Any, option: Option) -> Callable[[str], Any]:
    """The function that turns one word into a value of the field's type."""
    if isinstance(expected, types.UnionType):
        expected = next(entry for entry in typing.get_args(expected) if entry is not type(None))
    if typing.get_origin(expected) is tuple:
        entry_type = typing.get_args(expected)[0]
        entry_reader = _reader(entry_type, option)
        return lambda text: tuple(entry_reader(word.strip()) for word in text.split(","))
    readers: dict[Any, Callable[[str], Any]] = {
        int: read_whole_number,
        float: read_number,
        Decimal: read_decimal,
        Path: Path,
        str: str,
    }
    return readers[expected]


def read_whole_number(text: str) -> int:
    """An integer, in plain digits."""
    if not WHOLE_NUMBER.fullmatch(text.strip()):
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a whole number")
    return int(text)


def read_number(text: str) -> float:
    """A number with a decimal point; a decimal comma is refused, not misread."""
    return float(_checked(text))


def read_decimal(text: str) -> Decimal:
    """A number with a decimal point, exactly as written."""
    return Decimal(_checked(text))


def _checked(text: str) -> str:
    text = text.strip()
    if not NUMBER.fullmatch(text):
        comma = "; write the decimals after a point, not a comma" if "," in text else ""
        raise argparse.ArgumentTypeError(f"{text!r} is not a number{comma}")
    return text


def _help(option: Option) -> str:
    negation = f"Switch off {option.label!r}: " if option.kind == "off" else ""
    unit = f" [{option.unit}]" if option.unit else ""
    return f"{negation}{option.help}{unit}".replace("%", "%%")


def _required(settings_class: type[Settings]) -> set[str]:
    """Names of the fields that have no default."""
    fields = dataclasses.fields(settings_class)
    return {item.name for item in fields if item.default is dataclasses.MISSING}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
