"""The first run: what ``mtui`` alone offers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mtui.demo.project import DemoProject
from mtui.tui import recent
from mtui.tui.screens import opening
from mtui.tui.screens.opening import ChooseScreen
from mtui.tui.screens.population import PopulationScreen
from mtui.tui.widgets.path_field import PathInput
from mtui.tui.widgets.rows import RowList
from tests.tui.conftest import message, running, screen_text, wait_for, wait_for_text


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


async def test_the_only_population_of_the_folder_opens_and_is_remembered(
    population: Path, state: Path
) -> None:
    async with running(None) as pilot:
        await wait_for_text(pilot, "Opened ery.population")
        assert recent.recent_populations() == (population,)


async def test_populations_here_those_opened_before_and_the_demo_are_offered(
    population: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent.remember_population(population)
    recent.remember_population(tmp_path / "gone.population")
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("a", "b"):
        shutil.copy(population, folder / f"{name}.population")
    monkeypatch.chdir(folder)
    async with running(None) as pilot:
        await wait_for_text(pilot, "> here", "a.population", "b.population", "opened before", "demo")
        assert "gone.population" not in screen_text(pilot.app)
        await pilot.press("j", "j")
        await wait_for_text(pilot, "> opened before")
        await pilot.press("enter")
        await wait_for_text(pilot, "Opened ery.population")


async def test_a_path_is_typed_and_a_wrong_one_is_told(
    population: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    async with running(None) as pilot:
        await wait_for_text(pilot, "There is no .population file in this folder.")
        await pilot.press("escape", "tab")
        assert isinstance(pilot.app.focused, PathInput)
        await pilot.press(*"nothing", "enter")
        await wait_for(pilot, lambda: "is not a file" in message(pilot.app))
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ChooseScreen) and isinstance(pilot.app.focused, RowList)
        await pilot.press("tab", "ctrl+u", *str(population.parent), "enter")
        await wait_for_text(pilot, "Opened ery.population")


async def test_the_demo_is_written_and_opened(
    demo_project: DemoProject, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # A project that is there already is opened as it is, which is quicker than writing one.
    (tmp_path / opening.DEMO_FOLDER).symlink_to(demo_project.folder)
    async with running(None) as pilot:
        await wait_for_text(pilot, "> demo")
        await pilot.press("enter")
        await wait_for_text(pilot, "Opened demo.population")


async def test_another_population_is_opened_from_the_first(
    population: Path, state: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.population"
    shutil.copy(population, other)
    recent.remember_population(other)
    async with running(population) as pilot:
        await wait_for_text(pilot, "Opened ery.population")
        await pilot.press("o")
        await wait_for_text(pilot, "Open a population", "other.population")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PopulationScreen)
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
        await wait_for_text(pilot, "opened before")
        await pilot.press("j", "enter")
        await wait_for_text(pilot, "Opened other.population")
        await pilot.press("escape")
        assert "other.population" in screen_text(pilot.app).splitlines()[0]
        await pilot.press("o")
        await wait_for_text(pilot, "> here", "opened before")
        await pilot.press("enter")
        await wait_for_text(pilot, "Opened ery.population")
        assert len(pilot.app.screen_stack) == 2


def test_the_list_is_short_and_its_folder_may_be_closed(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(recent.KEPT + 3):
        path = tmp_path / f"{number}.population"
        path.touch()
        recent.remember_population(path)
    kept = recent.recent_populations()
    assert len(kept) == recent.KEPT and kept[0] == tmp_path / f"{recent.KEPT + 2}.population"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "0.population"))
    recent.remember_population(kept[0])
    assert recent.recent_populations() == ()
