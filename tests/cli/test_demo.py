"""``mtui demo``: with a terminal the app, without one the tour."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mtui.cli import demo, main
from mtui.demo.project import DemoProject


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that the tour runs, recorded instead of run; exports are judged elsewhere."""
    taken: list[list[str]] = []

    def record(argv: Sequence[str]) -> int:
        taken.append(list(argv))
        return 0

    monkeypatch.setattr(main, "main", record)
    return taken


class Verdict:
    is_good = True


def judged(monkeypatch: pytest.MonkeyPatch, good: bool) -> None:
    from mtui.demo import tour

    verdict = Verdict()
    verdict.is_good = good
    monkeypatch.setattr(tour, "judge_export", lambda project, species, star: verdict)
    monkeypatch.setattr(tour, "verdict_text", lambda verdict: f"judged {verdict.is_good}")


def run(folder: Path) -> int:
    return demo.COMMAND.run(main.build_parser().parse_args(["demo", str(folder)]))


@pytest.mark.parametrize(("good", "code"), [(True, 0), (False, 1)])
def test_without_a_terminal_the_tour_runs(
    good: bool,
    code: int,
    demo_project: DemoProject,
    steps: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    judged(monkeypatch, good)
    assert run(demo_project.folder) == code
    assert [step[0] for step in steps] == ["species", "intersect", "intersect", "export", "export"]
    shown = capsys.readouterr().out
    assert shown.count("\n$ mtui ") == 5
    assert shown.count(f"judged {good}") == 2
    assert f"mtui {demo_project.population}" in shown


def test_a_step_that_fails_ends_the_tour(
    demo_project: DemoProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "main", lambda argv: 2 if argv[0] == "intersect" else 0)
    assert run(demo_project.folder) == 2
    assert capsys.readouterr().out.count("\n$ mtui ") == 2


def test_with_a_terminal_the_app_opens(demo_project: DemoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path | None] = []

    def open_app(population: Path | None, **_options: Any) -> int:
        opened.append(population)
        return 0

    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(demo, "open_app", open_app)
    assert run(demo_project.folder) == 0
    assert opened == [demo_project.population]


def test_a_folder_with_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "precious.txt").write_text("thesis")
    assert main.main(["demo", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
