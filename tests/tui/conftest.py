"""The app on a small project, driven by keys."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.app import App
from textual.pilot import Pilot

from mtui.demo.project import write_demo
from mtui.formats.mrc import write_mrc
from mtui.model.species import load_species
from mtui.tui.app import MtuiApp
from mtui.tui.launch import Launch
from mtui.tui.terminal import Terminal
from mtui.tui.widgets.bars import MessageLine
from tests.tui.project import write_project

COLOURS = Terminal(over_ssh=False, colours="256", ascii_only=False)
PLAIN = Terminal(over_ssh=False, colours="none", ascii_only=True)
LONGEST_WAIT_S = 120.0


@pytest.fixture(scope="session")
def pristine_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a project that no test writes to."""
    return write_project(tmp_path_factory.mktemp("pristine") / "project").parent


@pytest.fixture
def population(pristine_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .population file of a project of the test's own, which is the working directory."""
    folder = tmp_path / "project"
    shutil.copytree(pristine_project, folder)
    monkeypatch.chdir(folder)
    return folder / "ery.population"


@pytest.fixture
def mapped(population: Path) -> Path:
    """The same, with a map of the first species in which something is seen."""
    species = load_species(next(population.parent.glob("species/apoferritin_*/*.species")))
    volume = np.random.default_rng(3).normal(size=(32, 32, 32)).astype(np.float32)
    write_mrc(species.map_path("filt"), volume, 1.0)
    return population


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .population file of a demo project of the test's own, images included."""
    monkeypatch.chdir(tmp_path)
    return write_demo(tmp_path / "demo").population


@asynccontextmanager
async def running(
    population: Path | None,
    *,
    terminal: Terminal = COLOURS,
    readonly: bool = False,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Pilot[int]]:
    """The app in a window, until the block ends."""
    app = MtuiApp(population, Launch(terminal, readonly))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


async def wait_for(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Let the app go on until something holds."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain; the screen shows:\n{screen_text(pilot.app)}"
        await pilot.pause(0.02)


async def wait_for_text(pilot: Pilot[int], *texts: str) -> None:
    """Let the app go on until all texts are on the screen."""
    await wait_for(pilot, lambda: all(text in screen_text(pilot.app) for text in texts))


def screen_text(app: App[int]) -> str:
    """What is on the screen, as a user reads it."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def message(app: App[int]) -> str:
    """The message line."""
    return app.screen.query_one(MessageLine).text
