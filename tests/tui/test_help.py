"""Each field is explained, by the same text in the form and in ``--help``."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widget import Widget

from mtui.cli.main import main
from mtui.settings import ExportSettings, IntersectSettings, Settings, options
from mtui.tui.screens.help import help_of
from mtui.tui.widgets.bars import PushButton
from mtui.tui.widgets.histogram import Histogram
from tests.tui.conftest import running, screen_text, wait_for_text

COMMANDS: dict[str, type[Settings]] = {"intersect": IntersectSettings, "export": ExportSettings}
SHORTEST = 20


def without_blanks(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained_on_the_command_line(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = without_blanks(capsys.readouterr().out).replace("-", "")
    for name, option in options(COMMANDS[command]).items():
        assert len(option.help) >= SHORTEST, name
        assert option.help.rstrip().endswith("."), name
        assert without_blanks(option.help).replace("-", "") in shown, name


@pytest.mark.parametrize(
    ("keys", "settings"),
    [
        (("enter", "i"), IntersectSettings),
        (("enter", "i", "f8"), IntersectSettings),
        (("enter", "e"), ExportSettings),
        (("enter", "e", "f8"), ExportSettings),
    ],
)
async def test_every_field_is_explained_in_the_form(
    population: Path, keys: tuple[str, ...], settings: type[Settings]
) -> None:
    texts = {option.help for option in options(settings).values()}
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin              120")
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        screen = pilot.app.screen
        explained = [widget for widget in screen.focus_chain if is_field(widget)]
        assert len(explained) > 8
        for widget in explained:
            found = help_of(widget)
            assert found is not None, widget
            assert found[1] in texts, widget
        screen.set_focus(explained[1])
        await pilot.pause()
        about = help_of(explained[1])
        assert about is not None
        await pilot.press("f1")
        await wait_for_text(pilot, "Help:")
        assert about[1].split(".")[0][:40] in " ".join(screen_text(pilot.app).split())


def is_field(widget: Widget) -> bool:
    return not isinstance(widget, (PushButton, Histogram))


def test_every_option_has_a_field_or_stands_for_what_the_screen_is_about() -> None:
    from mtui.tui.screens.export_more import MORE as EXPORT_MORE
    from mtui.tui.screens.intersect import MORE as INTERSECT_MORE

    form = {
        *("angpix", "box", "diameter", "output_kind", "output", "shift", "prerotate", "first_tilts"),
        *("invert", "normalize_input", "normalize_output", "sparse_ctf", "gpus", "overwrite"),
    }
    about = {"population", "species"}
    assert set(options(ExportSettings)) - form - about == set(EXPORT_MORE)
    form = {
        *("m_star", "relion_star", "coords_angpix", "shifts_angpix", "source"),
        "tolerance",
        "keep",
        "rule",
    }
    assert set(options(IntersectSettings)) - form - about == set(INTERSECT_MORE)
