"""Work of a screen that comes to its end while the screen is taken down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.worker import Worker, WorkerFailed

from mtui.tui.attending import attend
from mtui.tui.screens.messages import MessagesScreen
from mtui.tui.widgets.bars import TitleLine
from tests.tui.conftest import running, wait_for_text


def draw_on_ruins(pilot: Pilot[int]) -> Worker[None]:
    """Work of the screen that is shown, which goes on as soon as the title is gone, and then needs it."""
    screen = pilot.app.screen

    async def work() -> None:
        while screen.query(TitleLine):
            await asyncio.sleep(0)
        screen.query_one(TitleLine)

    return attend(screen, work, "test")


def close_all(pilot: Pilot[int]) -> None:
    """Nothing: the end of the block takes the app down while it runs."""


def leave(pilot: Pilot[int]) -> None:
    pilot.app.exit()


def pop(pilot: Pilot[int]) -> None:
    pilot.app.pop_screen()


@pytest.mark.parametrize("end", [close_all, leave, pop])
async def test_the_end_of_a_screen_is_the_end_of_its_work(
    population: Path, end: Callable[[Pilot[int]], None]
) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, "Opened")
        await pilot.press("L")
        await wait_for_text(pilot, "Messages")
        assert isinstance(pilot.app.screen, MessagesScreen)
        worker = draw_on_ruins(pilot)
        await pilot.pause()
        end(pilot)
    assert worker.is_finished and not isinstance(worker.error, NoMatches)


async def test_what_is_missing_on_a_whole_screen_is_a_fault(population: Path) -> None:
    async def work() -> None:
        pilot.app.screen.query_one("#nothing-of-the-kind")

    with pytest.raises(WorkerFailed):
        async with running(population) as pilot:
            await wait_for_text(pilot, "Opened")
            attend(pilot.app.screen, work, "test")
            await pilot.pause()
