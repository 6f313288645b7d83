"""What the intersect form does while a tolerance and ticks are chosen for many particles."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from mtui.settings import IntersectSettings
from mtui.tui.comparison import Comparison
from mtui.tui.screens.intersect_fields import take_m_table
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.toggles import Tick
from tests.tui.conftest import wait_for, wait_for_text
from tests.tui.test_intersect import intersect_form


def comparison_of(pairs: int) -> Comparison:
    """Distances with their peak near 4 Å and a long tail."""
    distances = np.sort(np.random.default_rng(0).gamma(2.0, 4.0, pairs))
    return Comparison(distances, pairs + 7, pairs + 9, pairs + 9)


async def test_tolerance_and_ticks_only_count_again(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = comparison_of(500_000)
    asked: list[IntersectSettings] = []

    async def compare(settings: IntersectSettings) -> Comparison:
        asked.append(settings)
        if len(asked) > 1:
            await asyncio.Event().wait()  # what is shown must not depend on a second answer
        return many

    monkeypatch.setattr("mtui.tui.screens.intersect.compare_sets", compare)
    async with intersect_form(population) as (pilot, screen):
        # Any file that is there: what is in it is answered here.
        take_m_table(screen, str(population))
        await wait_for_text(pilot, "500,007 now, 500,009 new")
        assert len(asked) == 1
        screen.query_one("#field-tolerance", Field).entry.focus()
        for count in range(1, 6):
            await pilot.press("up")
            both = int((many.distances_ang <= 10 + count).sum())
            await wait_for_text(pilot, f"In both {both:,}")
        await wait_for(pilot, lambda: len(asked) > 1)
        before = len(asked)
        screen.query_one("#keep-old", Tick).focus()
        await pilot.press("space")
        await wait_for_text(pilot, "[x] Only old")
        await pilot.pause(1.0)
        assert len(asked) == before


async def test_the_axis_near_the_tolerance_stays_while_it_fits(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = comparison_of(500_000)

    async def compare(settings: IntersectSettings) -> Comparison:
        return many

    monkeypatch.setattr("mtui.tui.screens.intersect.compare_sets", compare)
    async with intersect_form(population) as (pilot, screen):
        take_m_table(screen, str(population))
        await wait_for_text(pilot, "500,007 now", f"{many.largest_ang:.1f} Å")
        await pilot.press("f6")
        await wait_for_text(pilot, "^10 Å", " 50.0 Å")
        screen.query_one("#field-tolerance", Field).entry.focus()
        await pilot.press("up")
        await wait_for_text(pilot, "^11 Å", " 50.0 Å")
        await pilot.press("ctrl+u", "4")
        await wait_for_text(pilot, "^4 Å", " 20.0 Å")
        await pilot.press("f6")
        await wait_for_text(pilot, f"{many.largest_ang:.1f} Å")
