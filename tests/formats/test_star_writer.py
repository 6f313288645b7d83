"""M's byte layout of STAR files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtui.errors import FormatError
from mtui.formats import star_writer
from mtui.formats.star import StarTable, write_star


def column(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array(texts, np.str_)


def test_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (
        "\ndata_\n\nloop_\n_wrpCoordinateX1 #1\n_wrpSourceName #2\n_id #3\n"
        "  1204.50000  TS_01.tomostar     7\n"
        "    88.00000           TS_02  null\n"
    )
    table = StarTable(
        "",
        {
            "wrpCoordinateX1": column("1204.50000", "88.00000"),
            "wrpSourceName": column("TS_01.tomostar", "TS_02"),
            "id": column("7", "null"),
        },
    )
    write_star(tmp_path / "a.star", [table])
    assert (tmp_path / "a.star").read_bytes() == expected.encode()
    monkeypatch.setattr(star_writer, "_ROWS_AT_ONCE", 1)
    write_star(tmp_path / "a.star", [table])
    assert (tmp_path / "a.star").read_bytes() == expected.encode()


def test_several_tables(tmp_path: Path) -> None:
    tables = [
        StarTable("general", {"a": column("1"), "longer": column("22")}, is_list=True),
        StarTable("particles", {"x": column("é", "22")}),
        StarTable("none", {"x": column()}),
    ]
    write_star(tmp_path / "a.star", tables)
    assert (tmp_path / "a.star").read_text() == (
        "\ndata_general\n\n_a        1\n_longer  22\n\n\n\n\ndata_particles\n\nloop_\n_x #1\n   é\n  22\n"
        "\n\n\n\ndata_none\n\nloop_\n_x #1\n"
    )


@pytest.mark.parametrize("text", ["", "a b", "a\tb", "a\n", "\n"])
def test_values_that_m_cannot_read_are_refused(tmp_path: Path, text: str) -> None:
    table = StarTable("", {"x": column("ok", text)})
    with pytest.raises(FormatError, match=r"a\.star: x of row 2 is .*cannot be empty or contain a blank"):
        write_star(tmp_path / "a.star", [table])
    assert list(tmp_path.iterdir()) == []
