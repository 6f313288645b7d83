"""``mtui check`` and ``mtui rebase``: words, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtui.cli.main import main
from tests.profiles.disk import write_set


def test_a_good_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    star = write_set(tmp_path, "relion5")
    assert main(["check", str(star), "--deep"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{star}: relion5, 6 rows, 6 files read from {tmp_path}",
        f"Start RELION in {tmp_path}",
        "No problems.",
    ]


def test_a_spoilt_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    star = write_set(tmp_path, "warp-series")
    next(tmp_path.rglob("*.mrcs")).unlink()
    assert main(["check", str(star)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"error: {tmp_path}: 1 of 6 images do not exist from here: particleseries/TS_")
    assert lines[-1] == "1 errors, 0 warnings"


def test_findings_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    star = write_set(tmp_path, "relion31")
    next(tmp_path.rglob("*_ctf_*.mrc")).unlink()
    assert main(["check", str(star), "--json", "--path-base", str(tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["profile"], found["rows"], found["base"]) == ("relion31", 6, str(tmp_path))
    assert found["files_opened"] == 11
    assert [finding["severity"] for finding in found["findings"]] == ["error"]


def test_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    star = tmp_path / "a.star"
    star.write_text("data_\n\nloop_\n_wrpCoordinateX1 #1\n  1.0\n")
    assert main(["check", str(star)]) == 2
    assert "is not a set that mtui exports" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "missing.star")]) == 2
    assert main(["rebase", str(star), "--to", str(tmp_path)]) == 2


def test_rebase_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    star = write_set(tmp_path / "export", "relion5")
    assert main(["rebase", str(star), "--to", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"9 paths now start from {tmp_path}: particles_")
    assert main(["check", str(star), "--path-base", str(tmp_path)]) == 0
    assert main(["check", str(star), "--path-base", str(tmp_path / "export")]) == 1
    assert main(["rebase", str(star), "--to", str(tmp_path / "export"), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads("\n".join(lines[lines.index("{") :]))["paths"] == 9


def test_rebase_needs_to_know_where_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    star = write_set(tmp_path, "relion5")
    assert main(["rebase", str(star)]) == 2
    assert "--to" in capsys.readouterr().err
