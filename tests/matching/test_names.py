"""Which tilt series a name stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.errors import MatchingError
from mtui.matching.names import NameReport, base_name, match_names
from mtui.model.population import SeriesRef
from tests.model.samples import make_source

SOURCE = make_source(Path("/there/ts.source"))
OTHER = replace(SOURCE, name="other")


def refs(*names: str) -> list[SeriesRef]:
    return [SeriesRef(SOURCE, f"hash of {name}", name) for name in names]


def match(names: Sequence[str], series: Sequence[SeriesRef]) -> NameReport:
    return match_names(np.array(names, np.str_), series)


def found(name: str, *files: str) -> str | None:
    """The file that a name stands for."""
    report = match([name], refs(*files))
    return report.matches[0].series.name if report.matches else None


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("TS_01.tomostar", "file name"),
        ("tomograms/TS_01/TS_01.tomostar", "file name"),
        (r"D:\data\TS_01.tomostar", "file name"),
        ("TS_01", "name without extension"),
        ("TS_01.mrc", "name without extension"),
        ("/a/b.c/TS_01.mrc", "name without extension"),
        ("TS_01_10.00Apx", "name without pixel size"),
        ("reconstruction/TS_01_7.90Apx.mrc", "name without pixel size"),
        ("TS_01.mrc_15.00Apx.mrc", "name without pixel size"),
        ("TS_01_15Apx.mrc", "name without pixel size"),
    ],
)
def test_ladder(name: str, rule: str) -> None:
    report = match([name], refs("TS_01.tomostar", "TS_011.tomostar"))
    assert [(entry.name, entry.series.name, entry.rule) for entry in report.matches] == [
        (name, "TS_01.tomostar", rule)
    ]
    assert report.rules == {rule: 1}


@pytest.mark.parametrize(
    "name", ["TS_1", "TS_1.tomostar", "TS_1_10.00Apx", "TS_1.mrc", "TS_100", "S_10", "ts_10", "TS_10_", ""]
)
def test_only_whole_names_count(name: str) -> None:
    assert found(name, "TS_10.tomostar") is None


def test_a_pixel_size_is_no_extension() -> None:
    # Without its last point, this name would be that of another series.
    assert found("TS_1_10.00Apx", "TS_1_10.tomostar", "TS_1.tomostar") == "TS_1.tomostar"
    assert found("TS_1_10.00Apx", "TS_1_10.tomostar") is None


def test_names_with_inner_extensions() -> None:
    assert found("a/TS_01.mrc.tomostar", "TS_01.mrc.tomostar") == "TS_01.mrc.tomostar"
    assert found("TS_01.mrc", "TS_01.mrc.tomostar") == "TS_01.mrc.tomostar"
    assert found("tomo_ts01.mrc_15.00Apx.mrc", "tomo_ts01.mrc.tomostar") == "tomo_ts01.mrc.tomostar"


def test_an_earlier_rule_wins() -> None:
    assert found("TS_1.mrc", "TS_1.tomostar", "TS_1.mrc") == "TS_1.mrc"
    assert found("TS_1_5Apx", "TS_1.tomostar", "TS_1_5Apx.tomostar") == "TS_1_5Apx.tomostar"


def test_rows_know_their_series_and_the_rest_is_reported() -> None:
    report = match(["b", "x/TS_2", "TS_1.mrc", "TS_2", "b", "a"], refs("TS_1.tomostar", "TS_2.tomostar"))
    series = ["" if row < 0 else report.matches[row].series.root for row in report.row_match]
    assert series == ["", "TS_2", "TS_1", "TS_2", "", ""]
    assert report.unmatched == ("a", "b")
    assert report.unmatched_rows == 3
    assert report.known == ("TS_1.tomostar", "TS_2.tomostar")
    assert report.rules == {"name without extension": 3}


@pytest.mark.parametrize("name", ["TS_1.tomostar", "TS_1", "TS_1_4Apx.mrc"])
def test_a_name_in_two_sources_is_ambiguous(name: str) -> None:
    series = [SeriesRef(SOURCE, "one", "TS_1.tomostar"), SeriesRef(OTHER, "two", "TS_1.tomostar")]
    with pytest.raises(MatchingError, match="ambiguous") as caught:
        match([name, name, "TS_2"], series)
    assert "1 image names (2 rows)" in caught.value.message
    assert f"{name} is TS_1.tomostar of ts and TS_1.tomostar of other" in caught.value.message
    assert "--source" in caught.value.hint


def test_one_series_in_two_sources_is_not_ambiguous() -> None:
    series = [SeriesRef(SOURCE, "one", "TS_1.tomostar"), SeriesRef(OTHER, "one", "TS_1.tomostar")]
    assert match(["TS_1"], series).matches[0].series.source is SOURCE


@pytest.mark.parametrize(
    ("path", "base"), [("a", "a"), ("/a/b.c", "b.c"), (r"C:\a\b", "b"), (r"a\b/c", "c"), ("a/", "")]
)
def test_base_names(path: str, base: str) -> None:
    assert base_name(path) == base


SPELLINGS = ("{}", "{}.mrc", "a/b/{}.tomostar", "{}_10.00Apx", "{}_5Apx.mrc", "{}.mrc_7.9Apx.mrc")
roots = st.from_regex(r"[A-Za-z]{1,3}_[0-9]{1,3}", fullmatch=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(roots, min_size=1, max_size=8, unique=True), st.data())
def test_every_spelling_of_a_series_finds_it_and_no_other(names: list[str], data: st.DataObject) -> None:
    series = refs(*(f"{name}.tomostar" for name in names))
    name = data.draw(roots)
    spelling = data.draw(
        st.sampled_from(
            ["{}", "{}.mrc", "a/b/{}.tomostar", "{}_10.00Apx", "{}_5Apx.mrc", "{}.mrc_7.9Apx.mrc"]
        )
    )
    report = match([spelling.format(name)], series)
    assert [entry.series.root for entry in report.matches] == ([name] if name in names else [])
