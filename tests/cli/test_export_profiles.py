"""Profiles on the command line of ``mtui export``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtui.cli.main import main
from mtui.formats.star import read_star
from tests.tiny import write_tiny


def words(project: Path, *more: str) -> list[str]:
    return [
        "export",
        str(project),
        "apo 1",
        "--box",
        "8",
        "--output",
        str(project.parent / "out" / "a.star"),
        *more,
    ]


@pytest.mark.parametrize(
    "more, profile, kind",
    [
        ((), "relion3", "volumes"),
        (("--volumes",), "relion3", "volumes"),
        (("--series",), "relion5", "series"),
        (("--profile", "relion5"), "relion5", "series"),
        (("--profile", "warp-series", "--series"), "warp-series", "series"),
        (("--profile", "coordinates"), "coordinates", "none"),
        (("--profile", "raw"), "raw", "volumes"),
        (("--profile", "raw", "--series"), "raw", "series"),
    ],
)
def test_profile_and_images_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], profile: str, kind: str
) -> None:
    project = write_tiny(tmp_path).population
    assert main(words(project, *more, "--dry-run", "--json")) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["profile"], plan["output"]) == (profile, kind)


@pytest.mark.parametrize(
    "more",
    [
        ("--profile", "relion31", "--series"),
        ("--profile", "relion5", "--volumes"),
        ("--profile", "coordinates", "--volumes"),
        ("--profile", "coordinates", "--series"),
    ],
)
def test_contradictions_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    project = write_tiny(tmp_path).population
    assert main(words(project, *more)) == 2
    assert f"The profile {more[1]}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "more, complaint",
    [
        (("--profile", "relion9"), "'relion9' is none of relion3, relion31"),
        (("--series", "--stack", "some"), "'some' is none of visible, full, drop-partial"),
        (("--series", "--hand", "left"), "'left' is none of auto, warptools, +1, -1"),
    ],
)
def test_unknown_values_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], complaint: str
) -> None:
    project = write_tiny(tmp_path).population
    assert main(words(project, *more)) == 2
    assert complaint in capsys.readouterr().err


def test_the_plan_says_what_stacks_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path).population
    assert main(words(project, "--series", "--no-premultiply", "--hand", "-1", "--dry-run")) == 0
    out = capsys.readouterr().out
    assert "relion5: image series of the tilts that show the whole particle, raw" in out
    assert "Super-box" not in out
    assert f"start from {tmp_path / 'out'}" in out


def test_a_job_writes_the_profiles_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_tiny(tmp_path).population
    monkeypatch.chdir(tmp_path)
    assert main(words(project, "--series", "--path-base", "cwd")) == 0
    assert "Defocus hand: +1 in 1 series" in capsys.readouterr().out
    names = read_star(tmp_path / "out" / "a.star")["particles"].texts("rlnImageName").tolist()
    assert names[0] == "out/particleseries/TS_1/TS_1_apo1_10.00A_000001.mrcs"
    assert main(["check", str(tmp_path / "out" / "a_optimisation_set.star")]) == 0
