"""The pages of a species' details, and the average of a job."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from textual.app import App

from mtui.demo.project import write_demo
from mtui.formats.mrc import write_mrc
from mtui.jobs.units import UnitRecord, append_unit
from mtui.model.species import Species, load_species
from mtui.tui.screens.average import AverageScreen
from mtui.tui.screens.species_pages import PAGES
from mtui.tui.viewer import ROT_BINS, TILT_BINS, count_directions, view_average, view_poses, view_slices
from mtui.tui.views import ResolutionView, SlicesView, ViewReader, parse_view
from mtui.tui.widgets.lines import Lines, text_of
from tests.tui.conftest import COLOURS, PLAIN, message, running, screen_text, wait_for, wait_for_text
from tests.tui.pseudo_terminal import PseudoTerminal

SCREEN_BYTES = 25_000


@pytest.fixture(scope="module")
def demo_species(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .species file of a demo project's first species."""
    folder = write_demo(tmp_path_factory.mktemp("details") / "demo").folder
    return next(folder.glob("species/anchor_*/anchor.species"))


def files(species: Species) -> list[Path]:
    return [species.map_path(kind) for kind in ("half1", "half2", "mask")]


async def test_pages_turn_and_come_back(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60", "v View", f"About 1/{len(PAGES)}")
        await pilot.press("v")
        await wait_for_text(pilot, "Resolution 2/4", "FSC 0.143", "▚ in the mask, corrected  o no mask")
        await pilot.press("v")
        await wait_for_text(pilot, "Particles 3/4", "60 / 60   50.0% in 1", "TS_01", "Viewing directions")
        await pilot.press("v")
        await wait_for_text(pilot, "Map and mask 4/4", "map (half1)", "mask  central xy, xz")
        await pilot.press("v")
        await wait_for_text(pilot, "About 1/4", "Diameter     130 Å")
        await pilot.press("V")
        await wait_for_text(pilot, "Map and mask 4/4")


async def test_a_page_follows_the_cursor(population: Path) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("v", "v")
        await wait_for_text(pilot, "60 / 60   50.0% in 1")
        await pilot.press("j")
        await wait_for_text(pilot, "24 / 24   50.0% in 1")


def details_text(app: App[int]) -> str:
    """The details as one line, however they are wrapped."""
    lines = app.screen.query_one("#details", Lines).lines
    return " ".join(text_of(spans).strip() for spans in lines)


async def test_a_missing_map_is_told_in_its_page(population: Path) -> None:
    species = load_species(next(population.parent.glob("species/apoferritin_*/*.species")))
    species.map_path("half2").unlink()
    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("v")
        await wait_for(pilot, lambda: "does not exist" in details_text(pilot.app))
        assert "> apoferritin" in screen_text(pilot.app)


async def test_in_ascii_the_pictures_are_characters(population: Path) -> None:
    species = load_species(next(population.parent.glob("species/apoferritin_*/*.species")))
    ramp = np.broadcast_to(np.linspace(0, 1, 32, dtype=np.float32), (32, 32, 32))
    write_mrc(species.map_path("filt"), ramp, 1.0)
    async with running(population, terminal=PLAIN) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("v", "v", "v")
        await wait_for_text(pilot, "map (filt)", ".::--=++*##%@@")
    async with running(population, terminal=COLOURS) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("v", "v", "v")
        await wait_for_text(pilot, "map (filt)")
        assert ".::--=++*##%@@" not in screen_text(pilot.app)


async def test_the_resolution_is_that_of_the_half_maps(demo_species: Path) -> None:
    species = load_species(demo_species)
    reader = ViewReader()
    view = await reader.read("resolution", species.path, files(species))
    assert isinstance(view, ResolutionView)
    assert view.box_ang == 160.0
    assert len(view.unmasked) == species.box_px // 2 + 1
    assert view.corrected is not None
    assert min(view.corrected[1:8]) > 0.99
    assert view.corrected[-1] > view.unmasked[-1]
    assert 10.0 <= view.resolution_ang <= 11.5
    assert await reader.read("resolution", species.path, files(species)) is view


def test_poses_count_series_and_halves(demo_species: Path) -> None:
    answer = view_poses(demo_species)
    assert answer["series"] == [
        [name, 8, 8] for name in ("grid_01", "grid_02", "grid_03", "lamella_1", "lamella_2")
    ]
    assert np.array(answer["directions"]).sum() == 80


def test_a_direction_is_the_same_at_every_turn() -> None:
    rot, tilt = np.array([12.0, 192.0, 372.0, 12.0]), np.array([40.0, -40.0, 40.0, 400.0])
    counts = count_directions(rot, tilt)
    assert counts.shape == (TILT_BINS, ROT_BINS)
    assert counts.max() == 4
    np.testing.assert_array_equal(np.argwhere(counts), [[1, 19]])


def test_uniform_directions_fill_the_bins_evenly() -> None:
    generator = np.random.default_rng(1)
    rot = generator.uniform(-180, 180, 432_000)
    tilt = np.degrees(np.arccos(generator.uniform(-1, 1, 432_000)))
    counts = count_directions(rot, tilt)
    assert counts.min() > 850 and counts.max() < 1150


def test_slices_show_the_middle_of_the_box(demo_species: Path) -> None:
    maps = view_slices(demo_species)["maps"]
    assert isinstance(maps, list)
    assert [entry["label"] for entry in maps] == ["map (filt)", "mask"]
    assert [plane[:2] for plane in maps[0]["planes"]] == [[20, 20]] * 3


def test_the_average_weighs_each_series_by_its_particles(tmp_path: Path) -> None:
    """Two series of three particles and one; of a third only the first half is there yet."""
    plan = (("A", 0, 2, None), ("A", 2, 3, 1.0), ("C", 0, 8, None), ("B", 0, 1, 5.0))
    for number, (name, start, stop, value) in enumerate(plan):
        written = {}
        if value is not None:
            volume = np.zeros((8, 8, 8), np.float32)
            volume[4, 4, 4] = value
            volume[4, 1:3] = 4.0
            write_mrc(tmp_path / f"{name}_average.mrc", volume, 1.0)
            written = {str(tmp_path / f"{name}_average.mrc"): [1, 1, 1]}
        append_unit(tmp_path / "units.jsonl", UnitRecord(number, name, start, stop, {}, written))
    answer = view_average(tmp_path)
    view = parse_view("average", json.dumps(answer).encode())
    assert isinstance(view, SlicesView)
    assert view.maps[0].label == "mean of 4 particles"
    plane = view.maps[0].planes[0].astype(int)
    # (3 x 1 + 1 x 5) / 4 is 2, half of what two rows have in both series.
    assert plane[2, 4] == 255
    assert abs(plane[4, 4] - 127) <= 2


async def test_a_job_without_volumes_says_so(population: Path, tmp_path: Path) -> None:
    from mtui.jobs.record import Job

    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60")
        (tmp_path / "7").mkdir()
        await pilot.app.push_screen(AverageScreen(Job(tmp_path / "7"), COLOURS))
        await wait_for(pilot, lambda: "The job wrote no average of volumes." in message(pilot.app))
        await pilot.press("escape")
        await wait_for_text(pilot, "> apoferritin")
    shutil.rmtree(tmp_path / "7")


async def test_a_job_that_wrote_volumes_shows_their_mean(tmp_path: Path) -> None:
    volume = np.random.default_rng(2).normal(size=(16, 16, 16)).astype(np.float32)
    write_mrc(tmp_path / "TS_average.mrc", volume, 1.0)
    record = UnitRecord(0, "hash", 0, 5, {}, {str(tmp_path / "TS_average.mrc"): [1, 1, 1]})
    append_unit(tmp_path / "units.jsonl", record)
    view = await ViewReader().read("average", tmp_path, [tmp_path / "units.jsonl"])
    assert isinstance(view, SlicesView)
    assert [plane.shape for plane in view.maps[0].planes] == [(16, 16)] * 3


def test_on_a_terminal_counts_replace_their_dots_and_pages_cost_no_more_than_a_screen(
    demo_species: Path, tmp_path: Path
) -> None:
    population = next(demo_species.parents[2].glob("*.population"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }
    with PseudoTerminal(["-m", "mtui", str(population)], environment) as terminal:
        terminal.wait_for_text("40 / 40")
        terminal.wait_for(lambda: " 80    11.5│" in terminal.text and " 70    11.5│" in terminal.text)
        terminal.quiet(0.5)
        for text in ("FSC 0.143", "Viewing directions", "central xy, xz", "Particles by source"):
            before = len(terminal.received)
            terminal.press("v")
            terminal.wait_for_text(text)
            terminal.quiet(0.5)
            assert 0 < len(terminal.received) - before < SCREEN_BYTES, text
        assert terminal.quiet(1.5) == 0


async def test_numbers_are_not_those_of_an_earlier_table(population: Path) -> None:
    species = load_species(next(population.parent.glob("species/apoferritin_*/*.species")))
    async with running(population) as pilot:
        await wait_for_text(pilot, "60 / 60")
        lines = species.particles_path.read_text().splitlines(keepends=True)
        species.particles_path.write_text("".join(lines[:-20]))
        await pilot.press("f5")
        await wait_for_text(pilot, "50 / 50", "100     3.1")
