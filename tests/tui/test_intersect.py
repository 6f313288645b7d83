"""The intersect form, with the real comparison in its child process."""

from __future__ import annotations

import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.pilot import Pilot

from mtui.cli.flags import settings_from
from mtui.cli.main import parse
from mtui.formats.star import StarTable
from mtui.formats.star_writer import write_star
from mtui.model.particle_tables import read_m_particles, write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import load_population
from mtui.model.species import Species, count_particles
from mtui.model.versions import commit_particles
from mtui.settings import IntersectSettings
from mtui.tui import intersecting
from mtui.tui.screens.confirm import ConfirmScreen
from mtui.tui.screens.intersect import IntersectScreen
from mtui.tui.screens.population import PopulationScreen
from mtui.tui.widgets.bars import PushButton
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.toggles import Tick
from tests.tui.conftest import message, running, screen_text, wait_for, wait_for_text

MOVED_ANG = 5.0
N_OLD, N_MOVED, N_FAR = 120, 100, 15


def first_species(population: Path) -> Species:
    return load_population(population).valid_species[0]


def new_particles(population: Path) -> ParticleSet:
    """The first 100 particles of the species 5 Å away, and 15 others that are far from everything."""
    old = read_m_particles(first_species(population).particles_path)
    moved = old.select(np.arange(N_MOVED))
    positions = moved.positions_ang + np.array([MOVED_ANG, 0, 0], np.float32)
    far = old.select(np.arange(N_FAR))
    away = np.array([4000, 0, 0], np.float32) + far.positions_ang * np.array([-1, 1, 1], np.float32)
    both = (positions, away)
    return ParticleSet(
        positions_ang=np.concatenate(both),
        angles_deg=np.concatenate((moved.angles_deg, far.angles_deg)),
        half=np.concatenate((moved.half, far.half)),
        source_name=np.concatenate((moved.source_name, far.source_name)),
        source_hash=np.concatenate((moved.source_hash, far.source_hash)),
    )


@pytest.fixture
def m_set(population: Path) -> Path:
    path = population.parent / "new_particles.star"
    write_m_particles(path, new_particles(population))
    return path


def write_relion(path: Path, particles: ParticleSet, names: list[str]) -> Path:
    columns: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {
        f"rlnCoordinate{axis}": np.array(
            [f"{value / 2:.4f}" for value in particles.positions_ang[:, 0, index]]
        )
        for index, axis in enumerate("XYZ")
    }
    for index, angle in enumerate(("Rot", "Tilt", "Psi")):
        columns[f"rlnAngle{angle}"] = np.array(
            [f"{value:.4f}" for value in particles.angles_deg[:, 0, index]]
        )
    columns["rlnMicrographName"] = np.array(names)
    columns["rlnDetectorPixelSize"] = np.full(len(names), "2.0")
    columns["rlnMagnification"] = np.full(len(names), "10000")
    write_star(path, [StarTable("", columns)])
    return path


@pytest.fixture
def relion_set(population: Path) -> Path:
    particles = new_particles(population)
    names = [*particles.source_name[:-5].tolist(), *["TS_99.tomostar"] * 5]
    return write_relion(population.parent / "run_data.star", particles, names)


@asynccontextmanager
async def intersect_form(population: Path) -> AsyncIterator[tuple[Pilot[int], IntersectScreen]]:
    """The form of the first species."""
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin              120")
        await pilot.press("enter", "i")
        await wait_for_text(pilot, "New particle set")
        screen = pilot.app.screen
        assert isinstance(screen, IntersectScreen)
        yield pilot, screen


async def choose(pilot: Pilot[int], screen: IntersectScreen, kind: str, path: Path) -> None:
    """Choose a table by keys."""
    screen.query_one(f"#{kind}").focus()
    await pilot.press("space", "tab")
    field(screen, kind.replace("_", "-")).text = str(path)


def field(screen: IntersectScreen, name: str) -> Field:
    return screen.query_one(f"#field-{name}", Field)


def is_ready(screen: IntersectScreen) -> bool:
    return not screen.query_one("#apply", PushButton).disabled


async def test_without_a_table_apply_is_off_and_says_why(population: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        await wait_for_text(pilot, "! RELION .star: choose a file.")
        await pilot.press("ctrl+s")
        assert pilot.app.screen is screen and not is_ready(screen)
        assert "choose a file" in message(pilot.app)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PopulationScreen)


async def test_counts_ticks_and_tolerance(population: Path, relion_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        field(screen, "relion-star").text = str(relion_set)
        await wait_for_text(pilot, "110/115 new particles matched to available data sources")
        await wait_for_text(
            pilot, "120 now, 110 new", "[ ] Only old 20", "[x] In both 100", "[ ] Only new 10"
        )
        assert "120 -> 100 particles     (-20 old, +0 new)" in screen_text(pilot.app)
        assert "within tolerance 100     ░ beyond tolerance 10" in screen_text(pilot.app)
        assert (
            field(screen, "coords-angpix").text == "2" and field(screen, "coords-angpix").note == "from file"
        )
        assert is_ready(screen)
        screen.query_one("#keep-old", Tick).focus()
        await pilot.press("space")
        await wait_for_text(pilot, "[x] Only old 20", "120 -> 120 particles     (-0 old, +0 new)")
        await pilot.press("tab", "space", "tab", "space")
        await wait_for_text(pilot, "120 -> 30 particles     (-100 old, +10 new)")
        field(screen, "tolerance").text = "4.9"
        await wait_for_text(pilot, "Only old 120", "In both 0", "Only new 110", "120 -> 230 particles")
        field(screen, "tolerance").entry.focus()
        await pilot.press("up")
        await wait_for_text(pilot, "[ 5.9", "In both 100")


async def test_nothing_left_blocks(population: Path, m_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        await choose(pilot, screen, "m_star", m_set)
        await wait_for(pilot, lambda: is_ready(screen))
        screen.query_one("#keep-both", Tick).focus()
        await pilot.press("space")
        await wait_for_text(pilot, "! Keep: tick at least one set.")
        assert not is_ready(screen)
        screen.query_one("#keep-both", Tick).value = True
        field(screen, "tolerance").text = "1"
        await wait_for_text(pilot, "! Keep: no particle would be left.")


async def test_m_tables_need_no_pixel_sizes_and_names(population: Path, m_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        await choose(pilot, screen, "m_star", m_set)
        await wait_for_text(pilot, "[x] In both 100", "[ ] Only new 15")
        assert field(screen, "coords-angpix").disabled
        assert all(tick.disabled for tick in screen.query(".source").results(Tick))
        assert screen.read_settings().m_star == m_set


async def test_apply_writes_a_new_version_and_z_goes_back(population: Path, m_set: Path) -> None:
    before = first_species(population)
    async with intersect_form(population) as (pilot, screen):
        await choose(pilot, screen, "m_star", m_set)
        await wait_for(pilot, lambda: is_ready(screen))
        await pilot.press("ctrl+s")
        await wait_for_text(
            pilot, "120 -> 100 particles. z puts them back.", "> apoferritin              100"
        )
        after = first_species(population)
        assert count_particles(after) == N_MOVED
        assert after.version != before.version and after.previous_version == before.version
        assert {entry.name for entry in after.versions_folder.iterdir()} == {before.version, after.version}
        kept = read_m_particles(after.particles_path)
        old = read_m_particles(after.versions_folder / before.version / after.particles_path.name)
        assert set(kept.positions_ang[:, 0, 0]) == set(old.positions_ang[:N_MOVED, 0, 0])

        await pilot.press("z")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("enter")
        assert count_particles(first_species(population)) == N_MOVED
        await pilot.press("z")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await wait_for_text(pilot, "is current again, 120 particles", "> apoferritin              120")
        assert first_species(population).version == before.version
        await pilot.press("L")
        await wait_for_text(pilot, "120 -> 100 particles", "is current again")


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(population: Path, m_set: Path) -> None:
    before = first_species(population)
    async with intersect_form(population) as (pilot, screen):
        await choose(pilot, screen, "m_star", m_set)
        await wait_for(pilot, lambda: is_ready(screen))
        theirs = commit_particles(before, read_m_particles(before.particles_path).select(np.arange(7)))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: f"is at version {theirs.version} now" in message(pilot.app))
        assert count_particles(first_species(population)) == 7


async def test_a_population_opened_to_look_at_stays_untouched(population: Path) -> None:
    first = first_species(population)
    commit_particles(first, read_m_particles(first.particles_path).select(np.arange(100)))
    before = {path: path.read_bytes() for path in population.parent.rglob("*") if path.is_file()}
    async with running(population, readonly=True) as pilot:
        await wait_for_text(pilot, "> apoferritin              100")
        for keys in (("z",), ("enter", "i", "v", "escape")):
            await pilot.press(*keys)
            await pilot.pause()
            assert isinstance(pilot.app.screen, PopulationScreen)
        await pilot.press("z")
        assert message(pilot.app) == "mtui was started with --readonly."
    assert {path: path.read_bytes() for path in population.parent.rglob("*") if path.is_file()} == before


async def test_rows_without_a_source_are_listed(population: Path, relion_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        await pilot.press("f4")
        assert message(pilot.app) == "No set yet."
        field(screen, "relion-star").text = str(relion_set)
        await wait_for_text(pilot, "5 rows name images that are in no selected source. f4 lists them.")
        await pilot.press("f4")
        await wait_for_text(pilot, "table: TS_99", "source: TS_01", "5 rows name tilt series")
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_a_damaged_table_is_refused_with_its_line(population: Path, relion_set: Path) -> None:
    lines = relion_set.read_text().splitlines()
    relion_set.write_text("\n".join([*lines[:20], "1 2 3", *lines[20:], ""]))
    async with intersect_form(population) as (pilot, screen):
        field(screen, "relion-star").text = str(relion_set)
        await wait_for(pilot, lambda: "line 21" in message(pilot.app))
        assert not is_ready(screen)


async def test_a_missing_file_is_said_so(population: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        field(screen, "relion-star").text = "nowhere.star"
        await wait_for_text(pilot, "! There is no file")
        assert not is_ready(screen)


async def test_an_edit_kills_the_comparison_that_runs(
    population: Path, relion_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    code = (
        f"import os, time, pathlib; pathlib.Path({str(marks)!r}, str(os.getpid())).touch(); time.sleep(600)"
    )
    monkeypatch.setattr(intersecting, "comparing_command", lambda settings: [sys.executable, "-c", code])
    async with intersect_form(population) as (pilot, screen):
        field(screen, "relion-star").text = str(relion_set)
        await wait_for(pilot, lambda: len(list(marks.iterdir())) == 1)
        await wait_for_text(pilot, "matching...")
        screen.query_one(".source", Tick).value = False
        await wait_for(pilot, lambda: len(list(marks.iterdir())) == 2)
        await pilot.press("escape")
        await wait_for(pilot, lambda: not any(is_alive(int(mark.name)) for mark in marks.iterdir()))


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_the_copied_command_gives_the_same_settings(population: Path, relion_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        field(screen, "relion-star").text = str(relion_set)
        field(screen, "coords-angpix").text = "1.9"
        field(screen, "tolerance").text = "7.5"
        screen.query_one("#source-1", Tick).value = False
        screen.query_one("#keep-new", Tick).value = True
        await wait_for(pilot, lambda: is_ready(screen))
        settings = screen.read_settings()
        assert (str(settings.coords_angpix), settings.shifts_angpix) == ("1.9", None)
        assert (settings.source, settings.tolerance, settings.keep) == (("TS_set1",), 7.5, ("both", "new"))
        await pilot.press("ctrl+y")
        await wait_for_text(pilot, "Sent to your terminal")
        words = shlex.split(pilot.app.clipboard)
        assert settings_from(parse(words[1:]), IntersectSettings) == settings


async def test_entries_come_back_on_the_next_visit(population: Path, m_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        await choose(pilot, screen, "m_star", m_set)
        field(screen, "tolerance").text = "8"
        await pilot.press("escape", "enter", "i")
        await wait_for_text(pilot, "(*) M .star", "[ 8 ", "[x] In both 100")
        again = pilot.app.screen
        assert isinstance(again, IntersectScreen)
        assert replace(again.read_settings(), keep=()).tolerance == 8


async def test_both_rules_are_counted_and_one_is_chosen(population: Path) -> None:
    old = read_m_particles(first_species(population).particles_path)
    pair = np.flatnonzero(old.source_hash == old.source_hash[0])[:2]
    line = old.select(pair)
    places = line.positions_ang.copy()
    places[:, 0] = np.array([[900.0, 50, 50], [910.0, 50, 50]])
    chain = replace(line, positions_ang=places)
    species = commit_particles(first_species(population), chain)
    new = replace(chain, positions_ang=places + np.array([[[9.0, 0, 0]]], np.float32))
    path = population.parent / "chain.star"
    write_m_particles(path, new)
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin                2", species.version)
        await pilot.press("enter", "i")
        await wait_for_text(pilot, "New particle set")
        screen = pilot.app.screen
        assert isinstance(screen, IntersectScreen)
        field(screen, "tolerance").text = "5"
        await choose(pilot, screen, "m_star", path)
        await wait_for_text(pilot, "[x] In both 0", "Gated: 1 in both")
        field(screen, "tolerance").text = "0.5"
        await wait_for(pilot, lambda: "Gated: 1" not in screen_text(pilot.app))
        field(screen, "tolerance").text = "2"
        await wait_for_text(pilot, "[x] In both 0", "Gated: 1 in both")
        screen.query_one("#rule-gated").focus()
        await pilot.press("space")
        await wait_for_text(pilot, "[x] In both 1", "M: 0 in both")
        assert screen.read_settings().rule == "gated"


async def test_an_earlier_version_is_compared_with_and_gone_back_to(population: Path) -> None:
    first = first_species(population)
    particles = read_m_particles(first.particles_path)
    now = commit_particles(first, particles.select(np.arange(100)))
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin              100")
        await pilot.press("enter", "i")
        await wait_for_text(pilot, "New particle set")
        await pilot.press("f7")
        await wait_for_text(pilot, f"* {now.version}", now.previous_version, "120")
        await pilot.press("down", "enter")
        await wait_for_text(pilot, "(*) M .star", "[x] In both 100", "Only new 20")
        await pilot.press("escape", "enter", "v")
        await wait_for_text(pilot, f"* {now.version}", now.previous_version)
        await pilot.press("down", "enter")
        await wait_for_text(pilot, f"Go back to version {now.previous_version}?")
        await pilot.press("y")
        await wait_for_text(pilot, f"version {now.previous_version} is current again, 120 particles")
        assert count_particles(first_species(population)) == 120
        await wait_for_text(pilot, "> apoferritin              120")
        await pilot.press("z")
        await wait_for_text(pilot, "Undo the last change")
        await pilot.press("y")
        await wait_for_text(pilot, f"version {now.version} is current again, 100 particles")


async def test_rarer_settings_stand_under_more(population: Path, relion_set: Path) -> None:
    async with intersect_form(population) as (pilot, screen):
        field(screen, "relion-star").text = str(relion_set)
        await wait_for(pilot, lambda: is_ready(screen))
        await pilot.press("f8")
        await wait_for_text(pilot, "> Intersect > More", "Dialect", "Read as RELION 3.0 table")
        await wait_for_text(pilot, "Counted from the corner of the volume; angles: rlnAngleRot")
        more = pilot.app.screen
        more.query_one("#field-dialect", Field).text = "nonsense"
        await pilot.press("escape")
        assert pilot.app.screen is more
        assert "Dialect: 'nonsense' is none of relion30" in message(pilot.app)
        more.query_one("#field-dialect", Field).text = "relion30"
        more.query_one("#field-only-series", Field).text = "TS_1, TS_2"
        more.query_one("#field-poses", Field).text = "new"
        await pilot.press("escape")
        await wait_for_text(pilot, "f8: dialect relion30, poses new, only series TS_1, TS_2")
        settings = screen.read_settings()
        assert (settings.dialect, settings.poses) == ("relion30", "new")
        assert settings.only_series == ("TS_1", "TS_2")
        await pilot.press("escape", "enter", "i")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, IntersectScreen))
        again = pilot.app.screen
        assert isinstance(again, IntersectScreen)
        assert again.read_settings().dialect == "relion30"
