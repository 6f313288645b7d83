"""While a form's action is at work: it is not begun again, and it ends where the user is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mtui.model.particle_tables import write_m_particles
from mtui.settings import IntersectSettings
from mtui.tui.intersecting import IntersectionError
from mtui.tui.screens import intersect
from mtui.tui.screens.help import HelpScreen
from mtui.tui.screens.intersect import IntersectScreen
from mtui.tui.screens.population import PopulationScreen
from tests.tui.conftest import message, wait_for, wait_for_text
from tests.tui.test_intersect import choose, intersect_form, is_ready, new_particles


class Writing:
    """Stands for the child that writes; ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.problem = ""
        self.may_end = asyncio.Event()

    async def write(self, settings: IntersectSettings, seen_version: str) -> str:
        """Wait, then say what was done."""
        self.begun += 1
        await self.may_end.wait()
        if self.problem:
            raise IntersectionError(self.problem)
        return "It is written."


@asynccontextmanager
async def applied(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Pilot[int], IntersectScreen, Writing]]:
    """The intersect form, whose result is being written."""
    path = population.parent / "new.star"
    write_m_particles(path, new_particles(population))
    async with intersect_form(population) as (pilot, screen):
        writing = Writing()
        monkeypatch.setattr(intersect, "write_result", writing.write)
        await choose(pilot, screen, "m_star", path)
        await wait_for(pilot, lambda: is_ready(screen))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: writing.begun == 1)
        yield pilot, screen, writing


async def test_an_action_at_work_is_not_begun_again_nor_left(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with applied(population, monkeypatch) as (pilot, screen, writing):
        await pilot.press("ctrl+s", "escape")
        assert pilot.app.screen is screen and writing.begun == 1
        assert message(pilot.app) == "It is being done: a moment."
        writing.may_end.set()
        await wait_for_text(pilot, "It is written.")
        assert isinstance(pilot.app.screen, PopulationScreen)


async def test_a_failed_action_can_be_tried_again(population: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with applied(population, monkeypatch) as (pilot, screen, writing):
        writing.problem = "The disk is full."
        writing.may_end.set()
        await wait_for_text(pilot, "The disk is full.")
        assert pilot.app.screen is screen
        writing.problem = ""
        await pilot.press("ctrl+s")
        await wait_for_text(pilot, "It is written.")
        assert writing.begun == 2


async def test_help_that_covers_the_form_stays_until_it_is_closed(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with applied(population, monkeypatch) as (pilot, screen, writing):
        await pilot.press("f1")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        writing.may_end.set()
        await wait_for(pilot, lambda: not any(worker.group == "write" for worker in screen.workers))
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        await wait_for_text(pilot, "It is written.")
        assert pilot.app.screen_stack == [pilot.app.screen]
        assert isinstance(pilot.app.screen, PopulationScreen)
