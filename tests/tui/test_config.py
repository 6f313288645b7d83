"""What a user may choose for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtui.errors import InputError
from mtui.tui.app import MtuiApp
from mtui.tui.bindings import binding_ids
from mtui.tui.config import Config, check_keys, config_path, load_config
from mtui.tui.launch import Launch
from mtui.tui.screens.export import ExportScreen
from mtui.tui.screens.jobs import JobsScreen
from tests.tui.conftest import COLOURS, screen_text, wait_for, wait_for_text

EVERYTHING = """
theme = "light"
mouse = false
ascii = true
[folders]
browse = "~/data"
export = "/scratch/me"
[keys]
"population.jobs" = "f2"
"""


def test_without_a_file_everything_is_left_to_mtui(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none.toml") == Config()


def test_every_choice_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/user1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = config_path()
    assert path == tmp_path / "mtui" / "config.toml"
    path.parent.mkdir()
    path.write_text(EVERYTHING)
    assert load_config(path) == Config(
        "light", False, True, Path("/home/user1/data"), Path("/scratch/me"), {"population.jobs": "f2"}
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colour = 1", "there is no setting 'colour'"),
        ('theme = "pink"', "there is no theme 'pink'"),
        ("theme = 3", "theme is 3. It must be text in quotes"),
        ('mouse = "yes"', "mouse is 'yes'. It must be true or false"),
        ('[folders]\nhome = "x"', "there is no folder 'home'"),
        ("[keys]\nhelp = 1", "keys.help is 1. It must be text"),
        ("theme = ", "is no TOML file"),
        ("keys = 1", "keys is 1. It must be a section"),
    ],
)
def test_a_wrong_entry_is_named_with_what_there_is(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_config(path)
    assert str(path) in str(caught.value) and problem in str(caught.value)


def test_keys_of_an_action_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    check_keys({"population.jobs": "f2"}, binding_ids(), tmp_path)
    with pytest.raises(InputError, match=r"no action 'population.job'.*population\.jobs"):
        check_keys({"population.job": "f2"}, binding_ids(), tmp_path)


async def test_keys_theme_and_folders_are_used(population: Path, tmp_path: Path) -> None:
    config = Config("light", export_folder=tmp_path, keys={"population.jobs": "f2"})
    app = MtuiApp(population, Launch(COLOURS, config=config))
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for_text(pilot, "Opened ery.population", "60 / 60")
        assert app.theme == "mtui-light"
        assert "f2 Jobs" in screen_text(app)
        await pilot.press("J")
        assert not isinstance(app.screen, JobsScreen)
        await pilot.press("f2")
        await wait_for(pilot, lambda: isinstance(app.screen, JobsScreen))
        await pilot.press("escape", "enter", "e")
        await wait_for(pilot, lambda: isinstance(app.screen, ExportScreen))
        await wait_for_text(pilot, f"{tmp_path.name}/apoferritin.star")
