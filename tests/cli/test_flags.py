"""A command line and settings are the same thing: to flags and back."""

from __future__ import annotations

import types
import typing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mtui.cli.flags import settings_from
from mtui.cli.main import parse
from mtui.errors import InputError
from mtui.settings import AnySettings, ExportSettings, IntersectSettings, Option, options, to_argv

names = st.text("abcXYZ0189_-=,. é'\"$", min_size=1, max_size=12).filter(lambda name: name not in ("-", "--"))
ATOMS: dict[Any, st.SearchStrategy[Any]] = {
    Path: names.map(Path),
    str: names,
    int: st.integers(-10, 10000),
    float: st.floats(-9999, 9999),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
}


def values_of(option: Option, expected: Any) -> st.SearchStrategy[Any]:
    """Values of an option's type, whether or not they are in its range."""
    if isinstance(expected, types.UnionType):
        inner = next(entry for entry in typing.get_args(expected) if entry is not type(None))
        return st.none() | values_of(option, inner)
    if option.kind == "triple":
        return st.tuples(*[ATOMS[float]] * 3)
    if typing.get_origin(expected) is tuple:
        entry = st.sampled_from(option.choices) if option.choices else ATOMS[typing.get_args(expected)[0]]
        least = 0 if option.kind == "repeat" else 1
        return st.lists(entry, min_size=least, max_size=3).map(tuple)
    return st.sampled_from(option.choices) if option.choices else ATOMS[expected]


def settings_of(settings_class: type[AnySettings]) -> st.SearchStrategy[AnySettings]:
    """Settings with a value for every declared option, also for those that are declared one day."""
    types_of = typing.get_type_hints(settings_class)
    declared = options(settings_class).items()
    return st.builds(settings_class, **{name: values_of(option, types_of[name]) for name, option in declared})


@hypothesis_settings(max_examples=50, deadline=None)
@given(settings_of(ExportSettings))
def test_export_settings_come_back_from_their_command_line(value: ExportSettings) -> None:
    assert settings_from(parse(to_argv(value)), ExportSettings) == value


@hypothesis_settings(max_examples=50, deadline=None)
@given(settings_of(IntersectSettings))
def test_intersect_settings_come_back_from_their_command_line(value: IntersectSettings) -> None:
    assert settings_from(parse(to_argv(value)), IntersectSettings) == value


def test_values_may_be_negative() -> None:
    words = ["export", "p", "s", "--shift", "4", "-6", "-1e-3", "--angpix", "-1.5e-3", "--output", "-o.star"]
    value = settings_from(parse(words), ExportSettings)
    assert value.shift == (4.0, -6.0, -0.001)
    assert value.angpix == Decimal("-0.0015")
    assert value.output == Path("-o.star")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["export", "p", "s", "--output", "o", "--angpix", "1,5"],
            "--angpix: '1,5' is not a number; .* comma",
        ),
        (["export", "p", "s", "--output", "o", "--box", "32.0"], "'32.0' is not a whole number"),
        (["export", "p", "s", "--output", "o", "--box", "1_000"], "'1_000' is not a whole number"),
        (["export", "p", "s", "--output", "o", "--shift", "1", "2"], "--shift: expected 3 arguments"),
        (["export", "p", "s", "--output", "o", "--gpus", "0,x"], "--gpus: 'x' is not a whole number"),
        (["export", "p", "s", "--output", "o", "--volumes", "--series"], "not allowed with argument"),
        (["export", "p", "s", "--output", "--box", "2"], "--output: expected one argument"),
        (["export", "p", "s"], "required: --output"),
        (["export", "p", "s", "--output", "o", "--overwite"], "nrecognized arguments: --overwite"),
        (["export", "p", "s", "--out", "o"], "required: --output"),
        (["intersect", "p"], "required: SPECIES"),
    ],
)
def test_wrong_words_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(words)
