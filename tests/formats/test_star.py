"""Reading STAR files: every line has its place, or the file is refused with the line's number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import starfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.errors import FormatError
from mtui.formats import star_frames
from mtui.formats.star import StarTable, count_rows, is_numeric_column, read_star, write_star
from mtui.formats.star_table import Column

HEADER = "\ndata_\n\nloop_\n_wrpCoordinateX1 #1\n_wrpSourceName #2\n_note #3\n"


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "a.star"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def as_lists(table: StarTable) -> dict[str, list[float] | list[str]]:
    return {name: values.tolist() for name, values in table.columns.items()}


def test_texts_stay_what_they_are(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + " 1.5 1234e567 0012\n -2 True nan\n 3 inf <NA>\n")
    table = read_star(path)[""]
    assert as_lists(table) == {
        "wrpCoordinateX1": [1.5, -2.0, 3.0],
        "wrpSourceName": ["1234e567", "True", "inf"],
        "note": ["0012", "nan", "<NA>"],
    }
    assert table.lines.tolist() == [8, 9, 10]
    assert not table.is_list
    assert len(table) == count_rows(path) == 3


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEADER + " 1 a b\n 2 c d\n", id="as M writes"),
        pytest.param(HEADER + "1\ta\tb\n2\tc\td", id="tabs, no last line end"),
        pytest.param((HEADER + " 1 a b \n 2 c d\n").replace("\n", "\r\n"), id="CRLF"),
        pytest.param("\ufeff" + HEADER + " 1 a b\n 2 c d\n", id="byte order mark"),
        pytest.param(
            "# made by hand\n" + HEADER + "\n# rows\n 1 a b\n\n  \n# more\n 2 c d\n\n", id="comments"
        ),
        pytest.param(HEADER.replace("_note", "# c\n\n_note") + " 1 a b\n 2 c d\n", id="comments in header"),
        pytest.param(HEADER + " 1 a b # first\n 2 c d\n", id="comment behind a row"),
        pytest.param(HEADER + " 1 'a' b\n 2 c \"d\"\n", id="quotes"),
        pytest.param(
            HEADER.replace(" #1", "").replace(" #2", "").replace(" #3", "") + "1 a b\n2 c d\n",
            id="no numbers",
        ),
        pytest.param(
            "data_\nloop_\n_note #3\n_wrpCoordinateX1 #1\n_wrpSourceName #2\n1 a b\n2 c d\n", id="permuted"
        ),
        pytest.param("# -*- coding: latin-1 -*-\n" + HEADER + "1 a b\n2 c d\n", id="coding"),
        pytest.param(HEADER + "1 a b\n2 c d\ndata_other\nloop_\n_x\n1\n", id="next block"),
    ],
)
def test_layouts_are_read_alike(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    assert as_lists(read_star(path)[""]) == {
        "wrpCoordinateX1": [1.0, 2.0],
        "wrpSourceName": ["a", "c"],
        "note": ["b", "d"],
    }
    assert count_rows(path) == 2


def test_values_that_starfile_would_change(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + '1 tilt#1.mrc it\'s\n2 "a b" \'\'\n3 a"b "it\'s"\n')
    table = read_star(path)[""]
    assert table.texts("wrpSourceName").tolist() == ["tilt#1.mrc", "a b", 'a"b']
    assert table.texts("note").tolist() == ["it's", "", "it's"]


def test_blocks_by_exact_name_and_lists(tmp_path: Path) -> None:
    text = (
        "# version 50001\n\ndata_general\n\n_rlnA  1\n_rlnB 'two words'\n\n# version 50001\n\n"
        "data_particles_old\n\nloop_\n_x #1\n1\n2\n\n\n"
        "data_particles\n\nloop_\n_x #1\n_rlnVoltage #2\n3 300.0\n\n"
        "data_empty\n\nloop_\n_x #1\n\ndata_void\n"
    )
    tables = read_star(write(tmp_path, text))
    assert list(tables) == ["general", "particles_old", "particles", "empty", "void"]
    assert tables["general"].is_list
    assert as_lists(tables["general"]) == {"rlnA": ["1"], "rlnB": ["two words"]}
    assert as_lists(tables["particles"]) == {"x": ["3"], "rlnVoltage": [300.0]}
    assert as_lists(tables["empty"]) == {"x": []}
    assert as_lists(tables["void"]) == {}
    path = tmp_path / "a.star"
    assert count_rows(path) == 2
    assert count_rows(path, "particles") == 1
    assert count_rows(path, "empty") == 0
    with pytest.raises(FormatError, match="has no table named 'general'"):
        count_rows(path, "general")


def test_rows_may_begin_with_an_underscore(tmp_path: Path) -> None:
    path = write(tmp_path, "data_\nloop_\n_name\n_x\na 1\n_b 2\n")
    assert read_star(path)[""].texts("name").tolist() == ["a", "_b"]


def test_numbers_may_be_missing_or_infinite(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "nan a b\n-inf a b\n1e3 a b\n")
    np.testing.assert_array_equal(read_star(path)[""].numbers("wrpCoordinateX1"), [np.nan, -np.inf, 1000])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            HEADER + " 1 a b\n\n 2 c\n",
            "line 10: the row has 2 values .*names 3 columns",
            id="short",
        ),
        pytest.param(
            HEADER + " 1 a b\n 2 c d e\n",
            "line 9: the row has 4 values",
            id="long",
        ),
        pytest.param(
            HEADER + " 1 a b\n 2 c d e # x\n",
            "line 9: the row has 4 values",
            id="long, by hand",
        ),
        pytest.param(
            HEADER + " 1 a b\n x c d\n",
            "line 9: wrpCoordinateX1 is 'x', not a number",
            id="cell",
        ),
        pytest.param(
            HEADER + " 1 a b\n 'x' c d\n",
            "line 9: wrpCoordinateX1 is 'x'",
            id="cell, by hand",
        ),
        pytest.param(
            HEADER + " True a b\n False c d\n",
            "line 8: wrpCoordinateX1 is 'True'",
            id="bool",
        ),
        pytest.param(
            HEADER + " 1_000 a b\n",
            "line 8: wrpCoordinateX1 is '1_000'",
            id="underscore",
        ),
        pytest.param(
            HEADER + " 1.5 a b\n 1,5 c d\n",
            "line 9: .*'1,5', a number with a decimal comma",
            id="comma",
        ),
        pytest.param(
            HEADER + " <NA> a b\n",
            "line 8: wrpCoordinateX1 is '<NA>'",
            id="NA",
        ),
        pytest.param(
            HEADER.replace("note", "wrpSourceName"),
            "line 7: .*wrpSourceName occurs twice, first on line 6",
            id="duplicate",
        ),
        pytest.param(
            HEADER.replace("#3", "#2"),
            "line 7: the header numbers are not 1 to 3: note has #2",
            id="numbers",
        ),
        pytest.param(
            HEADER.replace("#3", "#4"),
            "line 7: .*note has #4",
            id="gap",
        ),
        pytest.param(
            HEADER.replace("#3", "3"),
            "line 7: '3' follows a column name",
            id="no hash",
        ),
        pytest.param(
            "data_\nloop_\n1 2 3\n",
            "line 2: the loop_ of block '' names no column",
            id="headless",
        ),
        pytest.param(
            "data_\n_a 1\n1 2\n",
            "line 3: a value in block '' stands without",
            id="stray",
        ),
        pytest.param(
            "data_\n_a 1 2\n",
            "line 2: a has 2 values in a list",
            id="list value",
        ),
        pytest.param(
            "data_\n_a\n",
            "line 2: a has 0 values",
            id="list without value",
        ),
        pytest.param(
            "data_\n_a 1\n_a 2\n",
            "line 3: the column a occurs twice",
            id="list duplicate",
        ),
        pytest.param(
            "data_\nloop_\n_a\n1\nloop_\n_b\n2\n",
            "line 5: block '' holds more than one table",
            id="two loops",
        ),
        pytest.param(
            "data_\n_b 1\nloop_\n_a\n1\n",
            "line 2: block '' holds more than one",
            id="list and loop",
        ),
        pytest.param(
            "data_x\nloop_\n_a\n1\ndata_x\nloop_\n_a\n1\n",
            "line 5: a second block is named 'x'",
            id="two blocks",
        ),
        pytest.param(
            "1 2\ndata_\n",
            "line 1: '1 2' stands outside of any data_ block",
            id="outside",
        ),
        pytest.param(
            "<?xml version='1.0'?>\n",
            "line 1: .*stands outside",
            id="xml",
        ),
        pytest.param(
            "# nothing\n",
            "has no data_ block",
            id="no block",
        ),
        pytest.param(
            "",
            "not a text file",
            id="empty",
        ),
        pytest.param(
            b"MRC\0\0",
            "not a text file",
            id="binary",
        ),
        pytest.param(
            b"data_\nloop_\n_a\n\xff\xfe\n",
            "not a text file in UTF-8",
            id="encoding",
        ),
    ],
)
def test_what_m_would_read_wrongly_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(FormatError, match=f"a.star.*{message}") as caught:
        read_star(path)
    assert caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.star does not exist"):
        read_star(tmp_path / "gone.star")


def test_the_caller_chooses_what_is_a_number(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + " 1 2 3\n")
    table = read_star(path, lambda name: name == "note")[""]
    assert as_lists(table) == {"wrpCoordinateX1": ["1"], "wrpSourceName": ["2"], "note": [3.0]}
    with pytest.raises(TypeError, match="read as text"):
        table.numbers("wrpSourceName")
    with pytest.raises(TypeError, match="read as numbers"):
        table.texts("note")


def test_known_numbers() -> None:
    assert all(
        map(
            is_numeric_column,
            ("wrpCoordinateX12", "rlnCoordinateZ", "rlnCenteredCoordinateXAngst", "rlnAngleRot"),
        )
    )
    assert not any(map(is_numeric_column, ("wrpSourceHash", "rlnTomoName", "rlnImageName", "aisFilamentID")))


@pytest.fixture(params=["starfile", "rows"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of parsing: small files and large ones."""
    monkeypatch.setattr(star_frames, "_LARGE_ROWS", 1 if request.param == "rows" else 1 << 60)
    return str(request.param)


def test_large_and_small_files_are_read_alike(tmp_path: Path, parser: str) -> None:
    path = write(
        tmp_path,
        HEADER + " 1.5 1234e567 0012\n\n# c\n -2 nan NA\n" + "data_b\nloop_\n_wrpDose\n_y\n7 0x1\n8 null\n",
    )
    tables = read_star(path)
    assert as_lists(tables[""]) == {
        "wrpCoordinateX1": [1.5, -2.0],
        "wrpSourceName": ["1234e567", "nan"],
        "note": ["0012", "NA"],
    }
    assert as_lists(tables["b"]) == {"wrpDose": [7.0, 8.0], "y": ["0x1", "null"]}
    assert tables["b"].lines.tolist() == [16, 17]


token = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=8
).filter(lambda text: text[0] not in "#'\"_" and not text.startswith(("data_", "loop_")))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("star") / "a.star"
    width, height = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 5))
    rows = data.draw(
        st.lists(st.lists(token, min_size=width, max_size=width), min_size=height, max_size=height)
    )
    columns: dict[str, Column] = {f"c{i}": np.array([row[i] for row in rows], np.str_) for i in range(width)}
    write_star(path, [StarTable("a", columns), StarTable("list", {"k": np.array(["v"])}, is_list=True)])
    tables = read_star(path)
    assert as_lists(tables["a"]) == {name: texts.tolist() for name, texts in columns.items()}
    assert as_lists(tables["list"]) == {"k": ["v"]}
    assert count_rows(path, "a") == height


number = st.floats(allow_nan=False, allow_infinity=False).map(repr)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(number, number), min_size=1, max_size=6))
def test_numbers_agree_with_starfile(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("star") / "a.star"
    path.write_text("data_\nloop_\n_wrpDose\n_wrpAxisAngle\n" + "".join(f"{a} {b}\n" for a, b in rows))
    ours = read_star(path)[""]
    theirs = starfile.read(path)
    for name in ("wrpDose", "wrpAxisAngle"):
        np.testing.assert_array_equal(ours.numbers(name), theirs[name].to_numpy(np.float64))
    exact = [float(a) for a, _ in rows]
    np.testing.assert_allclose(ours.numbers("wrpDose"), exact, rtol=1e-15)


ACCEPTED = 45
"""STAR files and their kin in the reference data."""


@pytest.mark.shared
def test_every_real_file_is_read_or_refused(shared: Path) -> None:
    found = [
        path for path in (shared / "data").rglob("*") if path.suffix in (".star", ".tomostar", ".settings")
    ]
    tables, refused = {}, []
    for path in found:
        try:
            tables[path] = read_star(path)
        except FormatError as error:
            refused.append((path.name, error.message))
    assert [name for name, _ in refused] == ["tests__data__warp__test.settings"]
    assert "<?xml" in refused[0][1]
    for path, blocks in tables.items():
        for block in blocks.values():
            if not block.is_list:
                assert count_rows(path, block.name) == len(block)
    assert len(tables) >= ACCEPTED


@pytest.mark.shared
def test_real_files_agree_with_starfile(shared: Path) -> None:
    compared = 0
    for path in (shared / "data").rglob("*.star"):
        ours = read_star(path, numeric=lambda name: False)
        theirs = starfile.read(
            path,
            always_dict=True,
            parse_as_string=[name for table in ours.values() for name in table.columns],
        )
        for name, table in ours.items():
            if table.is_list or not len(table):
                continue
            expected = {column: theirs[name][column].astype(str).tolist() for column in theirs[name].columns}
            assert as_lists(table) == expected, (path.name, name)
            compared += len(table)
    assert compared > 10_000


def test_header_order(tmp_path: Path, parser: str) -> None:
    """A number in the header decides where the values are, whichever parser reads them."""
    text = "data_\nloop_\n_wrpSourceHash #2\n_wrpDose #1\n" + "1.5 0012\n" * 3
    table = read_star(write(tmp_path, text))[""]
    assert list(table.columns) == ["wrpDose", "wrpSourceHash"]
    assert table.texts("wrpSourceHash").tolist() == ["0012"] * 3


@pytest.mark.parametrize("letter", ["\x0b", "\x0c", "\x1c", "\r"])
def test_control_characters_do_not_shift_values(tmp_path: Path, letter: str, parser: str) -> None:
    table = read_star(write(tmp_path, HEADER + f"1 a{letter}b\n2 c{letter}d\n"))[""]
    assert table.texts("wrpSourceName").tolist() == ["a", "c"]
    assert table.texts("note").tolist() == ["b", "d"]
