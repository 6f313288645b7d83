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


async def test_tolerance_and_ticks_only_count_again(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = 500_000
    generator = np.random.default_rng(0)
    many = Comparison(np.sort(generator.gamma(2.0, 4.0, pairs)), pairs + 7, pairs + 9, pairs + 9)
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
