"""The home screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.strip import Strip
from textual.timer import Timer

from mtui.tui.screens.population import PopulationScreen
from mtui.tui.screens.species_panel import SpeciesPanel
from mtui.tui.widgets.rows import RowList
from tests.tui.conftest import message, running, screen_text, wait_for, wait_for_text
from tests.tui.project import break_species

OPENED = "Opened ery.population: 3 species, 2 sources, 5 tilt series."


async def test_species_are_listed_with_counts_and_details(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED, "120     3.1", "48     3.1", "9     3.1")
        await wait_for_text(pilot, "Half-sets    60 / 60", "TS_set1", "3 series        72")
        shown = screen_text(pilot.app)
        assert "> apoferritin" in shown
        assert "Pixel, box   1.0000 Å/px, 260 px" in shown
        assert "Version      3f2a91c0, was 9ab1772e" in shown
        assert "2 sources, 5 tilt series      jobs: 0" in shown


async def test_details_follow_the_cursor(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("j")
        await wait_for_text(pilot, "> ribosome", "24 / 24")
        await pilot.press("G")
        await wait_for_text(pilot, "> 70S empty", "5 / 4")
        await pilot.press("g")
        await wait_for_text(pilot, "> apoferritin", "60 / 60")


async def test_the_cursor_is_drawn_before_its_rest_is_counted(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    set_timer, render_line = SpeciesPanel.set_timer, RowList.render_line

    def count(panel: SpeciesPanel, *arguments: Any, **options: Any) -> Timer:
        happened.append("counted")
        return set_timer(panel, *arguments, **options)

    def draw(rows: RowList, y: int) -> Strip:
        happened.append("drawn")
        return render_line(rows, y)

    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60")
        monkeypatch.setattr(SpeciesPanel, "set_timer", count)
        monkeypatch.setattr(RowList, "render_line", draw)
        await pilot.press("j")
        await wait_for_text(pilot, "> ribosome", "24 / 24")
    first = happened.index("counted")
    assert "drawn" in happened[:first]
    assert happened.count("counted") == 1


async def test_filter_narrows_and_escape_clears(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED)
        await pilot.press("slash", *"ribo")
        await wait_for_text(pilot, "/filter: ribo", "> ribosome")
        await wait_for(pilot, lambda: "apoferritin" not in screen_text(pilot.app))
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, RowList)
        assert "/filter: ribo" in screen_text(pilot.app)
        await pilot.press("slash", "escape")
        await wait_for_text(pilot, "apoferritin")
        assert isinstance(pilot.app.focused, RowList)


async def test_a_filter_that_fits_nothing_says_so(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED)
        await pilot.press("slash", *"zzz")
        await wait_for_text(pilot, "No species fits the filter.")


async def test_a_broken_species_shows_why_and_the_rest_works(population: Path) -> None:
    break_species(population, "ribosome")
    async with running(population) as pilot:
        await wait_for_text(pilot, "! ribosome.species", "1 problem")
        await pilot.press("j", "enter")
        await wait_for_text(pilot, "it ends too early", "The file is truncated or damaged")
        assert isinstance(pilot.app.screen, PopulationScreen)
        await pilot.press("k", "enter")
        await wait_for_text(pilot, "apoferritin: 120 particles")


async def test_a_damaged_population_says_why(population: Path) -> None:
    population.write_text("<Population")
    async with running(population) as pilot:
        await wait_for_text(pilot, "it ends too")
        assert "The file is truncated or damaged" in message(pilot.app)


async def test_reading_again_keeps_the_cursor_on_its_species(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED)
        await pilot.press("j")
        break_species(population, "apoferritin")
        await pilot.press("f5")
        await wait_for_text(pilot, "! apoferritin.species", "> ribosome")


async def test_escape_does_nothing_at_home(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PopulationScreen)
        assert "esc" not in screen_text(pilot.app).splitlines()[-1]


async def test_sources_are_listed(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED)
        await pilot.press("s")
        await wait_for_text(pilot, "Sources (2)", "> TS_set1", "volume 4000 x 4000 x 1000 Å")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PopulationScreen)


async def test_q_quits(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, OPENED)
        await pilot.press("q")
        await pilot.pause()
        assert not pilot.app.is_running
