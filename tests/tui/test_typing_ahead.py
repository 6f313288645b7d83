"""Keys that come faster than they are handled arrive where they belong, all of them and in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.widgets import Input

from mtui.tui.screens.export import ExportScreen
from mtui.tui.screens.intersect import IntersectScreen
from mtui.tui.screens.population import PopulationScreen
from mtui.tui.widgets.filter_line import FilterInput
from mtui.tui.widgets.rows import RowList
from tests.tui.conftest import LONGEST_WAIT_S, running, wait_for, wait_for_text

PACES = range(20)
"""Turns of the event loop between two keys: how far the app is with the first one when the second comes."""
NAMES = {"/": "slash", ".": "full_stop"}


async def burst(pilot: Pilot[int], keys: Sequence[str], pace: int) -> None:
    """Type without waiting for anything to happen."""
    for key in keys:
        pilot.app.post_message(Key(NAMES.get(key, key), key if len(key) == 1 else None))
        for _ in range(pace):
            await asyncio.sleep(0)


async def wait_for_home(pilot: Pilot[int]) -> None:
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, PopulationScreen))
    await wait_for_text(pilot, "> apoferritin", "60 / 60")
    await pilot.pause()


def texts(pilot: Pilot[int], *names: str) -> tuple[str, ...]:
    """What stands in inputs; nothing where they are not there yet."""
    return tuple(entry.value for name in names for entry in pilot.app.screen.query(name).results(Input))


async def test_a_filter_gets_what_is_typed_after_its_key(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_home(pilot)
        for pace in PACES:
            await burst(pilot, "/12.5", pace)
            await wait_for(pilot, lambda: texts(pilot, "FilterInput") == ("12.5",))
            await pilot.press("escape")
            await wait_for_home(pilot)


async def test_enter_after_a_filter_keeps_it_and_opens_nothing(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_home(pilot)
        for pace in PACES:
            await burst(pilot, ["/", "a", "p", "o", "enter"], pace)
            await wait_for(pilot, lambda: texts(pilot, "FilterInput") == ("apo",))
            await wait_for(pilot, lambda: isinstance(pilot.app.focused, RowList))
            await pilot.pause()
            assert isinstance(pilot.app.screen, PopulationScreen)
            await pilot.press("slash")
            assert isinstance(pilot.app.focused, FilterInput)
            await pilot.press("escape")
            await wait_for_home(pilot)


@pytest.mark.parametrize("keys", [["12.5"], [*"12.5"]], ids=["pasted", "typed"])
async def test_a_form_gets_what_is_typed_after_the_keys_that_open_it(
    population: Path, keys: list[str]
) -> None:
    async with running(population) as pilot:
        await wait_for_home(pilot)
        for pace in PACES:
            await burst(pilot, ["enter", "i"], pace)
            if len(keys) == 1:
                pilot.app.post_message(Paste(keys[0]))
            else:
                await burst(pilot, keys, pace)
            await wait_for(pilot, lambda: isinstance(pilot.app.screen, IntersectScreen))
            await wait_for(pilot, lambda: texts(pilot, "#relion-star") == ("12.5",))
            await pilot.press("ctrl+u", "escape")
            await wait_for_home(pilot)


async def test_fields_get_what_is_typed_after_the_keys_that_lead_to_them(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_home(pilot)
        await pilot.press("enter", "e")
        await wait_for_text(pilot, "Will write 120 volumes")
        assert isinstance(pilot.app.screen, ExportScreen)
        for pace in PACES:
            for name in ("#box", "#diameter"):
                pilot.app.screen.query_one(name, Input).value = "8"
            pilot.app.screen.query_one("#angpix").focus()
            await pilot.pause()
            await burst(pilot, ["tab", "ctrl+u", *"12.5", "enter", "ctrl+u", *"70", "backspace", "9"], pace)
            await wait_for(pilot, lambda: texts(pilot, "#box", "#diameter") == ("12.5", "79"))
            assert texts(pilot, "#angpix") == ("1.0000",)


async def test_a_screen_that_hangs_does_not_keep_the_app_from_being_quit(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()

    async def hang(screen: PopulationScreen, event: Key) -> None:
        await may_go_on.wait()

    monkeypatch.setattr(PopulationScreen, "on_key", hang, raising=False)
    async with running(population) as pilot:
        await wait_for_home(pilot)
        await burst(pilot, ["s", "ctrl+q"], 5)
        async with asyncio.timeout(LONGEST_WAIT_S):
            while pilot.app.is_running:
                await asyncio.sleep(0.02)
        may_go_on.set()
