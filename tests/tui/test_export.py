"""The export form."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mtui.cli.flags import settings_from
from mtui.cli.main import parse
from mtui.settings import ExportSettings, to_argv
from mtui.tui.planning import PlanningChild
from mtui.tui.screens.export import ExportScreen
from mtui.tui.screens.job import JobScreen
from mtui.tui.screens.population import PopulationScreen
from mtui.tui.widgets.bars import PushButton
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.toggles import Radio, Tick
from tests.tui.conftest import message, running, screen_text, wait_for, wait_for_text


@asynccontextmanager
async def export_form(population: Path) -> AsyncIterator[tuple[Pilot[int], ExportScreen]]:
    """The form of the first species, with its plan."""
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin              120")
        await pilot.press("enter", "e")
        await wait_for_text(pilot, "Will write 120 volumes + 120 CTFs")
        screen = pilot.app.screen
        assert isinstance(screen, ExportScreen)
        yield pilot, screen


def field(screen: ExportScreen, name: str) -> Field:
    return screen.query_one(f"#field-{name}", Field)


def is_ready(screen: ExportScreen) -> bool:
    return not screen.query_one("#apply", PushButton).disabled


async def test_defaults_come_from_the_species(population: Path) -> None:
    async with export_form(population) as (_, screen):
        settings = screen.read_settings()
        assert str(settings.angpix) == "1.0000"
        assert (settings.box, settings.diameter, settings.output_kind) == (260, 130, "volumes")
        assert settings.output == population.parent / "export" / "apoferritin.star"
        assert (settings.shift, settings.first_tilts, settings.prerotate) == (None, None, False)
        assert settings.invert and settings.normalize_input and settings.normalize_output
        assert is_ready(screen)


async def test_what_will_be_written_and_warnings_are_shown(population: Path) -> None:
    async with export_form(population) as (pilot, _):
        shown = screen_text(pilot.app)
        assert "120 particles, 5 series" in shown
        assert "MB" in shown or "GB" in shown
        assert "! Path: its folder does not exist; it will be created." in shown
        assert "Box is 260.00 Å, 2.0 x diameter" in shown


INVALID = [
    ("box", "131", "Box: 131 px must be even."),
    ("box", "0", "Box: 0 px is below the smallest value, 2 px."),
    ("box", "", "Box: a number is missing."),
    ("box", "12.5", "Box: 12.5 must be a whole number."),
    ("angpix", "-1", "below the smallest value"),
    ("angpix", "1,5", "decimals are written with a point"),
    ("angpix", "nan", "'nan' is not a number"),
    ("diameter", "1", "below the smallest value"),
]


async def test_an_invalid_value_blocks_and_says_why(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        for name, text, problem in INVALID:
            valid = field(screen, name).text
            field(screen, name).entry.focus()
            await pilot.press("ctrl+u", *text)
            await wait_for_text(pilot, f"!{field(screen, name).option.label}")
            assert problem in message(pilot.app)
            assert not is_ready(screen)
            await pilot.press("ctrl+s")
            assert pilot.app.screen is screen
            await pilot.press("ctrl+u", *valid)
            await wait_for(pilot, lambda: is_ready(screen))


async def test_numbers_step_inside_their_range(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        box = field(screen, "box")
        box.entry.focus()
        await pilot.press("up")
        assert box.text == "262"
        await pilot.press("pagedown", "pagedown")
        assert box.text == "222"
        box.text = "3"
        await pilot.press("down", "down")
        assert box.text == "2"
        field(screen, "angpix").entry.focus()
        await pilot.press("up")
        assert field(screen, "angpix").text == "1.0001"


async def test_fields_that_do_not_apply_are_off(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        assert field(screen, "shift-x").disabled and field(screen, "first-tilts").disabled
        screen.query_one("#shift", Tick).focus()
        await pilot.press("space", "tab", "ctrl+u", *"-4.5")
        assert not field(screen, "shift-x").disabled
        await pilot.pause()
        assert screen.read_settings().shift == (-4.5, 0.0, 0.0)
        await pilot.press("ctrl+u")
        field(screen, "shift-x").text = "0"
        screen.query_one("#series", Radio).focus()
        await pilot.press("space")
        await wait_for_text(pilot, "[x] Pre-rotate particles  (always on for image series)", "(volumes only)")
        assert screen.query_one("#sparse-ctf", Tick).disabled
        assert screen.read_settings().output_kind == "series"


async def test_every_field_is_reached_by_tab(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        seen = []
        for _ in range(40):
            assert screen.focused is not None
            if screen.focused.id in seen:
                break
            seen.append(screen.focused.id)
            at_path = screen.focused.id == "output"
            await pilot.press(*(("home", "tab") if at_path else ("tab",)))
        assert seen[0] == "angpix"
        assert {"box", "diameter", "volumes", "output", "shift", "prerotate", "limit"} <= set(seen)
        assert {"invert", "sparse-ctf", "overwrite", "images-beside", "apply", "cancel"} <= set(seen)


async def test_the_copied_command_gives_the_same_settings(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        for name in ("shift", "limit", "prerotate", "invert", "sparse-ctf", "overwrite", "images-beside"):
            screen.query_one(f"#{name}", Tick).focus()
            await pilot.press("space")
        field(screen, "shift-y").text = "-6"
        field(screen, "angpix").text = "2.5"
        await pilot.pause()
        settings = screen.read_settings()
        await pilot.press("ctrl+y")
        await wait_for_text(pilot, "Sent to your terminal")
        words = shlex.split(pilot.app.clipboard)
        assert words == ["mtui", *to_argv(settings)]
        assert settings_from(parse(words[1:]), ExportSettings) == settings
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_entries_come_back_on_the_next_visit_and_f5_restores(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        screen.query_one("#sparse-ctf", Tick).focus()
        await pilot.press("space")
        field(screen, "box").text = "300"
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PopulationScreen)
        await pilot.press("enter", "e")
        await wait_for_text(pilot, "Will write")
        again = pilot.app.screen
        assert isinstance(again, ExportScreen)
        assert again.read_settings().sparse_ctf and again.read_settings().box == 300
        await pilot.press("f5")
        await pilot.pause()
        assert not again.read_settings().sparse_ctf and again.read_settings().box == 260


async def test_files_in_the_way_block_until_replacing_is_ticked(population: Path) -> None:
    (population.parent / "export").mkdir()
    (population.parent / "export" / "apoferritin.star").write_text("precious")
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin              120")
        await pilot.press("enter", "e")
        await wait_for_text(pilot, "1 file of another export would be replaced")
        screen = pilot.app.screen
        assert isinstance(screen, ExportScreen) and not is_ready(screen)
        screen.query_one("#overwrite", Tick).focus()
        await pilot.press("space")
        await wait_for(pilot, lambda: is_ready(screen))
        assert (population.parent / "export" / "apoferritin.star").read_text() == "precious"


async def test_export_starts_a_job_and_shows_it(demo: Path) -> None:
    async with running(demo) as pilot:
        await wait_for_text(pilot, "Opened demo.population", "80")
        await pilot.press("enter", "e")
        await wait_for_text(pilot, "Will write")
        screen = pilot.app.screen
        assert isinstance(screen, ExportScreen)
        field(screen, "angpix").text = "20"
        field(screen, "box").text = "16"
        output = demo.parent / "out" / "small.star"
        field(screen, "output").text = str(output)
        await wait_for(pilot, lambda: is_ready(screen))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
        await wait_for_text(pilot, "20 Å/px, box 16 px, volumes", "small.star")
        await wait_for_text(pilot, "+ done", "100%")
        assert output.is_file() and len(list(output.parent.glob("subtomo/*/*.mrc"))) > 100
        await pilot.press("escape", "J")
        await wait_for_text(pilot, "Jobs (1)", "> ", "+ done")
        await pilot.press("enter")
        await wait_for_text(pilot, "+ done", "Problems (0)")


async def test_the_planner_is_ended_with_the_form(population: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[PlanningChild] = []
    close = PlanningChild.close

    def record(child: PlanningChild) -> None:
        close(child)
        closed.append(child)

    monkeypatch.setattr(PlanningChild, "close", record)
    async with export_form(population) as (pilot, _):
        await pilot.press("escape")
        await wait_for(pilot, lambda: bool(closed))
        process = closed[0]._process
        assert process is not None and process.returncode is not None


async def test_looking_only_offers_no_operation(population: Path) -> None:
    async with running(population, readonly=True) as pilot:
        await wait_for_text(pilot, "> apoferritin              120")
        await pilot.press("enter")
        await wait_for_text(pilot, "e  Export sub-tomograms...  (not available)")
        await pilot.press("e")
        await wait_for_text(pilot, "! mtui was started with --readonly.")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PopulationScreen)


async def test_rarer_settings_stand_under_more(population: Path) -> None:
    async with export_form(population) as (pilot, screen):
        field(screen, "gpus").text = "0, 1"
        await pilot.press("f8")
        await wait_for_text(pilot, "> Export sub-tomograms > More", "Profile", "Batch system")
        more = pilot.app.screen
        more.query_one("#field-workers", Field).text = "two"
        await pilot.press("escape")
        assert pilot.app.screen is more and "not a number" in message(pilot.app)
        more.query_one("#field-workers", Field).text = "2"
        more.query_one("#field-profile", Field).text = "relion31"
        more.query_one("#more-float32", Tick).value = True
        await pilot.press("escape")
        await wait_for_text(pilot, "f8: profile relion31, workers 2")
        settings = screen.read_settings()
        assert (settings.gpus, settings.workers, settings.profile) == ((0, 1), 2, "relion31")
        assert settings.float32 and settings.premultiply and settings.hand == "auto"
        assert settings_from(parse(to_argv(settings)), ExportSettings) == settings
        field(screen, "gpus").text = "0, x"
        await wait_for_text(pilot, "GPUs: 'x' is not a whole number.")
        await pilot.press("f5")
        assert screen.read_settings().profile is None and screen.read_settings().gpus is None
