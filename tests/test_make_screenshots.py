"""Pictures of the app: what is drawn is what stood on the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.make_screenshots.drawing import (
    CELL,
    Fonts,
    MissingFontError,
    draw_screen,
    load_fonts,
    to_palette,
)
from tests.make_screenshots.looks import ASCII, COLOUR, LOOKS, SIXTEEN, SIZES, Look, picture_name
from tests.make_screenshots.tour import Film
from tests.tui.project import write_project
from tests.tui.pseudo_terminal import PseudoTerminal, Screen


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    try:
        return load_fonts()
    except MissingFontError as error:
        pytest.skip(str(error))


def shown(data: bytes, columns: int = 4, rows: int = 1) -> Screen:
    """A screen after some bytes."""
    import pyte

    screen = Screen(columns, rows)
    pyte.ByteStream(screen).feed(data)
    return screen


def cell_colours(image: Image.Image, column: int) -> set[tuple[int, ...]]:
    box = image.crop((column * CELL[0], 0, (column + 1) * CELL[0], CELL[1]))
    return {colour for _, colour in box.getcolors(1000) or [] if isinstance(colour, tuple)}


def test_a_missing_font_is_told_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(MissingFontError, match="fonts-dejavu-core"):
        load_fonts(tmp_path)


def test_colours_are_those_of_the_terminal(fonts: Fonts) -> None:
    image = draw_screen(shown(b"\x1b[38;5;196m\xe2\x96\x88\x1b[0;7m \x1b[0;33m\xe2\x96\x88"), SIXTEEN, fonts)
    assert image.size == (4 * CELL[0], CELL[1])
    assert cell_colours(image, 0) == {(255, 0, 0)}
    assert cell_colours(image, 1) == {SIXTEEN.foreground}
    assert cell_colours(image, 2) == {(205, 205, 0)}
    assert cell_colours(image, 3) == {SIXTEEN.background}


def test_faint_text_is_darker_until_it_ends(fonts: Fonts) -> None:
    image = draw_screen(shown("\x1b[2m█\x1b[22m█".encode()), SIXTEEN, fonts)
    ((faint,), (plain,)) = (cell_colours(image, column) for column in (0, 1))
    assert faint[0] < plain[0] == SIXTEEN.foreground[0]


def test_half_blocks_have_two_colours(fonts: Fonts) -> None:
    image = draw_screen(shown("\x1b[38;5;232;48;5;255m▀".encode()), COLOUR, fonts)
    assert image.getpixel((4, 2)) == (8, 8, 8)
    assert image.getpixel((4, CELL[1] - 2)) == (238, 238, 238)


@pytest.mark.parametrize("look", LOOKS, ids=["colour", "16", "ascii"])
def test_the_running_app_is_drawn(look: Look, fonts: Fonts, tmp_path: Path) -> None:
    population = write_project(tmp_path / "project")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **look.environment}
    with PseudoTerminal(["-m", "mtui", str(population)], environment) as terminal:
        terminal.wait_for_text("Opened ery.population", "60 / 60", "120     3.1", "9     3.1")
        terminal.quiet(0.5)
        image = draw_screen(terminal.screen, look, fonts)
        text = terminal.text
    assert image.size == (80 * CELL[0], 24 * CELL[1])
    assert text.isascii() == (look is ASCII)
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert look.background in colours
    is_grey = all(len(set(colour)) == 1 for colour in colours if isinstance(colour, tuple))
    assert is_grey == (look is not COLOUR)
    to_palette(image).save(tmp_path / "screen.png", optimize=True)
    assert (tmp_path / "screen.png").stat().st_size < 40_000


def test_a_film_keeps_frames_and_times(fonts: Fonts, tmp_path: Path) -> None:
    film = Film(fonts)
    with PseudoTerminal(["-c", "print('one'); input(); print('two'); input()"], dict(os.environ)) as terminal:
        for text, milliseconds in (("one", 500), ("two", 1500)):
            terminal.wait_for_text(text)
            film.take(terminal, text, milliseconds)
            terminal.press("enter")
    film.save(tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as picture:
        assert (picture.n_frames, picture.size) == (2, (80 * CELL[0], 25 * CELL[1] + 4))  # type: ignore[attr-defined]


def test_names_of_pictures() -> None:
    names = {picture_name("export", look, *size) for look in LOOKS for size in SIZES}
    assert "export.png" in names and "export-120x36-16.png" in names and len(names) == 6
