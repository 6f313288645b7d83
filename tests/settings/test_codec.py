"""Settings survive JSON, are refused outside their ranges, and leave defaults out of the command line."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.errors import InputError
from mtui.settings import ExportSettings, IntersectSettings, check, from_json, options, to_argv, to_json

angpix = st.decimals("0.01", "1000", allow_nan=False, allow_infinity=False, places=4)
names = st.text("abcXYZ0189_- é", min_size=1, max_size=12)
exports = st.builds(
    ExportSettings,
    population=names.map(Path),
    species=names,
    output=names.map(Path),
    angpix=st.none() | angpix,
    box=st.none() | st.integers(1, 5000).map(lambda half: 2 * half),
    diameter=st.none() | st.integers(2, 10000),
    shift=st.none() | st.tuples(*[st.floats(-9999, 9999)] * 3),
    prerotate=st.booleans(),
    first_tilts=st.none() | st.integers(1, 10000),
    invert=st.booleans(),
    remap=st.lists(names.map(lambda name: f"{name}=/new"), max_size=2).map(tuple),
)
intersects = st.builds(
    IntersectSettings,
    population=names.map(Path),
    species=names,
    relion_star=st.none() | names.map(Path),
    coords_angpix=st.none() | angpix,
    source=st.lists(names, max_size=3).map(tuple),
    tolerance=st.floats(0, 99999),
    keep=st.lists(st.sampled_from(["old", "both", "new"]), unique=True).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(exports)
def test_export_settings_survive_json(value: ExportSettings) -> None:
    assert from_json(ExportSettings, to_json(value)) == value
    check(value)


@settings(max_examples=50, deadline=None)
@given(intersects)
def test_intersect_settings_survive_json(value: IntersectSettings) -> None:
    assert from_json(IntersectSettings, to_json(value)) == value
    check(value)


def test_defaults_are_left_out_of_the_command_line() -> None:
    value = ExportSettings(Path("p.population"), "apo", Path("o.star"), shift=(4.0, -6.5, 8.0), invert=False)
    assert to_argv(value) == [
        *("export", "p.population", "apo", "--output", "o.star"),
        *("--shift", "4", "-6.5", "8", "--no-invert"),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"box": 33}, "33 px must be even"),
        ({"box": 0}, "below the smallest value, 2 px"),
        ({"angpix": Decimal("-1")}, "-1 Å/px is below"),
        ({"angpix": Decimal("nan")}, "is not a number"),
        ({"shift": (0.0, 1e9, 0.0)}, "above the largest value, 9999 Å"),
        ({"output_kind": "cubes"}, "'cubes' is none of volumes, series"),
    ],
)
def test_values_out_of_range_are_refused_in_words(change: dict[str, object], words: str) -> None:
    values = {"population": Path("p"), "species": "s", "output": Path("o"), **change}
    with pytest.raises(InputError, match=words):
        check(ExportSettings(**values))  # type: ignore[arg-type]


def test_unknown_keys_are_refused() -> None:
    text = json.loads(to_json(IntersectSettings(Path("p"), "s")))
    with pytest.raises(InputError, match="unknown key 'colour'"):
        from_json(IntersectSettings, json.dumps({**text, "colour": "red"}))


@pytest.mark.parametrize("settings_class", [ExportSettings, IntersectSettings])
def test_every_option_explains_itself(settings_class: type[ExportSettings] | type[IntersectSettings]) -> None:
    for name, option in options(settings_class).items():
        assert option.label and option.help.endswith("."), name
