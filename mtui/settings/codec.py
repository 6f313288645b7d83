"""Settings to and from other forms: the options of a class, a command line, JSON; and their ranges."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from mtui.errors import InputError
from mtui.settings.export import ExportSettings
from mtui.settings.intersect import IntersectSettings
from mtui.settings.option import Option

Settings = IntersectSettings | ExportSettings
AnySettings = TypeVar("AnySettings", IntersectSettings, ExportSettings)


def options(settings_class: type[Settings]) -> dict[str, Option]:
    """Every option of a settings class by the name of its field, in the order of declaration."""
    return {item.name: item.metadata["option"] for item in dataclasses.fields(settings_class)}


def flag_of(name: str, option: Option) -> str:
    """The flag of a field, e.g. ``--first-tilts``."""
    return option.flag or "--" + name.replace("_", "-")


def to_argv(settings: Settings) -> list[str]:
    """The command line that gives these settings, without the program's name; defaults are left out.

    Positional arguments come first, or last after ``--`` where one of them looks like a flag.
    """
    positional: list[str] = []
    flags: list[str] = []
    for item in dataclasses.fields(settings):
        option: Option = item.metadata["option"]
        value = getattr(settings, item.name)
        if option.kind == "positional":
            positional.append(str(value))
        elif item.default is dataclasses.MISSING or value != item.default:
            flags += _flag_words(flag_of(item.name, option), option, value)
    if any(word.startswith("-") for word in positional):
        return [settings.command, *flags, "--", *positional]
    return [settings.command, *positional, *flags]


def _flag_words(flag: str, option: Option, value: Any) -> list[str]:
    if option.kind in ("on", "off"):
        return [flag]
    if option.kind == "choice":
        return [f"--{value}"]
    if option.kind == "triple":
        return [flag, *(number_text(number) for number in value)]
    if option.kind == "repeat":
        return [word for entry in value for word in (flag, str(entry))]
    if isinstance(value, tuple):
        return [flag, ",".join(str(entry) for entry in value)]
    return [flag, number_text(value) if isinstance(value, float) else str(value)]


def number_text(number: float) -> str:
    """Shortest text that reads back as the same number, without a needless ``.0``."""
    return str(int(number)) if number == int(number) else repr(number)


def to_json(settings: Settings) -> str:
    """The settings as JSON, with decimals and paths as strings."""
    values = {item.name: getattr(settings, item.name) for item in dataclasses.fields(settings)}
    return json.dumps(
        {"command": settings.command, **values},
        default=str,
        indent=1,
        ensure_ascii=False,
    )


def from_json(settings_class: type[AnySettings], text: str) -> AnySettings:
    """The settings that :func:`to_json` wrote.

    Raises:
        InputError: for an unknown or missing key, or a value of the wrong type.
    """
    hint = "Was it written by another version of mtui?"
    values = json.loads(text)
    values.pop("command", None)
    types_of = typing.get_type_hints(settings_class)
    fields_of = {item.name: item for item in dataclasses.fields(settings_class)}
    for name in values:
        if name not in fields_of:
            raise InputError(f"The settings have an unknown key {name!r}.", hint)
    try:
        return settings_class(**{name: _revive(types_of[name], value) for name, value in values.items()})
    except (TypeError, ValueError, ArithmeticError) as error:
        raise InputError(f"The settings cannot be read: {error}.", hint) from error


def _revive(expected: Any, value: Any) -> Any:
    """Turn a JSON value back into the type of its field."""
    if typing.get_origin(expected) is types.UnionType:
        if value is None:
            return None
        expected = next(entry for entry in typing.get_args(expected) if entry is not type(None))
    if typing.get_origin(expected) is tuple:
        return tuple(_revive(typing.get_args(expected)[0], entry) for entry in value)
    if expected in (Path, Decimal, float):
        return expected(value)
    if not isinstance(value, expected):
        raise TypeError(f"{value!r} is not of type {expected.__name__}")
    return value


def problem_of(option: Option, value: Any) -> str | None:
    """Why a value is outside its option's range, in one sentence; ``None`` if it is not."""
    unit = f" {option.unit}" if option.unit else ""
    entries = value if isinstance(value, tuple) else (value,)
    for entry in entries:
        if isinstance(entry, (int, float, Decimal)) and not isinstance(entry, bool):
            if Decimal(entry).is_nan() or Decimal(entry).is_infinite():
                return f"{option.label}: {entry} is not a number."
            if option.minimum is not None and entry < Decimal(str(option.minimum)):
                return f"{option.label}: {entry}{unit} is below the smallest value, {option.minimum:g}{unit}."
            if option.maximum is not None and entry > Decimal(str(option.maximum)):
                return f"{option.label}: {entry}{unit} is above the largest value, {option.maximum:g}{unit}."
            if option.even and int(entry) % 2:
                return f"{option.label}: {entry}{unit} must be even."
        elif option.choices and entry not in option.choices:
            return f"{option.label}: {entry!r} is none of {', '.join(option.choices)}."
    return None


def check(settings: Settings) -> None:
    """Refuse settings outside their ranges or not available.

    Raises:
        InputError: naming the option, the value and the range.
    """
    for name, option in options(type(settings)).items():
        value = getattr(settings, name)
        if value is None:
            continue
        problem = problem_of(option, value)
        if problem:
            raise InputError(problem, f"Correct {flag_of(name, option)}.")
        reason = dict(option.unavailable).get(value) if isinstance(value, str) else None
        if reason:
            raise InputError(f"{option.label}: {reason}.", "Choose another.")
