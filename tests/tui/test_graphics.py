"""Pictures of pixels: which terminals are asked for them, and what arrives there."""

from __future__ import annotations

import os
import pty
import re
import termios
from pathlib import Path

import numpy as np
import pytest

from mtui.formats.mrc import write_mrc
from mtui.jobs.record import Job
from mtui.jobs.units import UnitRecord, append_unit
from mtui.tui.asking import Answer, ask_terminal, read_answers
from mtui.tui.graphics import find_graphics, promised_protocol, usable_protocol
from mtui.tui.launch import Launch
from mtui.tui.screens.average import AverageScreen
from mtui.tui.screens.species_pages import Canvas, slices_lines, slices_pictures
from mtui.tui.terminal import Graphics, Terminal, detect_terminal, prepare_environment
from mtui.tui.views import MapSlices, SlicesView
from mtui.tui.widgets.lines import text_of
from mtui.tui.widgets.picture_lines import PictureLines
from mtui.tui.widgets.pictures import Picture
from tests.tui.conftest import COLOURS, running, screen_text, wait_for, wait_for_text
from tests.tui.graphics_terminal import CELL_PX, FOOT, KITTY, NEEDS_EXTRA, PLACEHOLDER, TRANSMISSIONS

QUESTIONS = (b"a=q", b"\x1b[16t", b"\x1b[c")


@pytest.mark.parametrize(
    ("environ", "protocol"),
    [
        ({}, None),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "VTE_VERSION": "7600"}, None),
        ({"TERM": "linux"}, None),
        (KITTY, "kitty"),
        ({**KITTY, "TMUX": "/tmp/tmux-1000/default,1,0"}, None),
        ({**KITTY, "STY": "1.pts-0.host"}, None),
        ({**KITTY, "ZELLIJ": "0"}, None),
        ({**KITTY, "MOSH_CONNECTION": "10.0.0.1 1 10.0.0.2 2"}, None),
        ({**KITTY, "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "TERM_PROGRAM": "vscode"}, None),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "NVIM": "/run/nvim.1"}, None),
        ({"TERM": "eterm-color", "KITTY_WINDOW_ID": "1", "INSIDE_EMACS": "29.1,term"}, None),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "kitty"),
        (FOOT, "sixel"),
        ({"TERM": "foot-extra"}, "sixel"),
        ({"TERM": "footage"}, None),
        ({"TERM": "foot", "KITTY_WINDOW_ID": "1"}, "sixel"),
        ({"TERM": "mlterm"}, "sixel"),
        ({"TERM": "mlterm-256color"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "sixel"),
        ({"TERM": "wezterm"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app", "LC_TERMINAL": "iTerm2"}, "sixel"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, None),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230800"}, None),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, None),
    ],
)
def test_the_environment_decides_who_is_asked(environ: dict[str, str], protocol: str | None) -> None:
    assert promised_protocol(environ) == protocol


@pytest.mark.parametrize(
    ("more", "protocol"),
    [
        ({}, "kitty"),
        ({"NO_COLOR": "1"}, None),
        ({"LANG": "C"}, None),
        ({"TEXTUAL_COLOR_SYSTEM": "standard"}, None),
        ({"COLORTERM": "truecolor"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "foot", "TEXTUAL_COLOR_SYSTEM": "standard"}, "sixel"),
        ({"TERM": "foot", "NO_COLOR": ""}, None),
    ],
)
def test_plain_characters_are_heeded(more: dict[str, str], protocol: str | None) -> None:
    environ = {"TERM": "xterm-kitty", "LANG": "C.UTF-8", **more}
    prepare_environment(environ)
    assert usable_protocol(environ, detect_terminal(environ)) == protocol
    assert usable_protocol(environ, detect_terminal(environ, ascii_only=True)) is None


@pytest.mark.parametrize("environ", [KITTY, {"TERM": "xterm-256color"}])
def test_nobody_is_asked_without_the_extra_or_without_a_promise(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the terminal was asked")

    monkeypatch.setattr("mtui.tui.graphics.ask_terminal", fail)
    if environ == KITTY:
        monkeypatch.setattr("mtui.tui.graphics.find_spec", lambda _: None)
    assert find_graphics(environ, COLOURS) == (COLOURS, "")


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c", Answer(kitty=True)),
        (b"\x1b_Gi=31;EINVAL:no\x1b\\\x1b[?62;c", Answer()),
        (b"\x1b[6;20;10t\x1b[?62;4;22c", Answer(sixel=True, cell_px=(10, 20))),
        (b"\x1b[?4;6c", Answer()),
        (b"j\x1b_Gi=31;OK\x1b\\\x1b[Bk\x1b[?62c\xc3\xa9", Answer(kitty=True, typed="j\x1b[Bké")),
        (b"jj\x1b_Gi=31;O", Answer(typed="jj")),
        (b"v\x1b[?6", Answer(typed="v")),
        (b"", Answer()),
    ],
)
def test_answers_are_told_from_what_is_typed(received: bytes, answer: Answer) -> None:
    assert read_answers(received) == answer


def test_a_terminal_that_says_nothing_is_left_and_is_as_before() -> None:
    here, there = pty.openpty()
    try:
        before = termios.tcgetattr(there)
        os.write(here, b"x")
        assert ask_terminal(there, there, patience_s=0.2) == Answer(typed="x")
        assert termios.tcgetattr(there) == before
        asked = os.read(here, 1000)
        assert all(question in asked for question in QUESTIONS)
    finally:
        os.close(here)
        os.close(there)


def test_pictures_are_where_the_half_blocks_are() -> None:
    planes = tuple(np.full((20, 20), value, np.uint8) for value in (90, 130, 170))
    view = SlicesView((MapSlices("map", planes), MapSlices("mask", planes)))
    for columns, rows in ((38, 18), (76, 33), (150, 40)):
        canvas = Canvas(columns, rows, COLOURS)
        lines = slices_lines(view, canvas)
        pictures = slices_pictures(view, canvas, top=0)
        filled = {(picture.row + row, picture.column) for picture in pictures for row in range(picture.rows)}
        assert len(pictures) in (4, 6)
        assert {row for row, _ in filled} | {0, len(lines) // 2} == set(range(len(lines)))
        for picture in pictures:
            assert picture.columns == 2 * picture.rows
            assert picture.column + picture.columns <= len(text_of(lines[picture.row]))


@NEEDS_EXTRA
async def test_a_fault_of_the_library_is_told_and_characters_are_shown(
    mapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(picture: Picture, *_: object) -> None:
        raise RuntimeError("no such palette")

    monkeypatch.setattr("mtui.tui.widgets.picture_lines.draw_picture", fail)
    terminal = Terminal(over_ssh=False, colours="256", ascii_only=False, graphics=Graphics("sixel", CELL_PX))
    async with running(mapped, terminal=terminal) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("V")
        await wait_for_text(pilot, "Map and mask 4/4", "▀")
        await pilot.press("L")
        await wait_for_text(pilot, "drawing them failed: RuntimeError:", "no such palette")


@NEEDS_EXTRA
async def test_the_grey_values_are_those_of_the_half_blocks(mapped: Path) -> None:
    """A page of characters and one of pixels have the same slices at the same place."""
    terminal = Terminal(over_ssh=False, colours="256", ascii_only=False, graphics=Graphics("kitty"))
    async with running(mapped, terminal=terminal) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("V")
        await wait_for(pilot, lambda: PLACEHOLDER in screen_text(pilot.app))
        widget = pilot.app.screen.query_one("#details", PictureLines)
        pictures = widget._pictures
        assert Launch(terminal).typed == ""
        assert [picture.grey.dtype for picture in pictures] == [np.dtype(np.uint8)] * 4
        assert widget.lines[pictures[0].row] == ()
        assert text_of(widget.lines[pictures[0].row - 1]).startswith("map (filt)")


@NEEDS_EXTRA
async def test_the_average_of_a_job_is_a_picture_too(mapped: Path, tmp_path: Path) -> None:
    volume = np.random.default_rng(2).normal(size=(16, 16, 16)).astype(np.float32)
    folder = tmp_path / "7"
    folder.mkdir()
    write_mrc(folder / "TS_average.mrc", volume, 1.0)
    files: dict[str, list[int]] = {str(folder / "TS_average.mrc"): [1, 1, 1]}
    append_unit(folder / "units.jsonl", UnitRecord(0, "hash", 0, 5, {}, files))
    terminal = Terminal(over_ssh=False, colours="256", ascii_only=False, graphics=Graphics("kitty"))
    async with running(mapped, terminal=terminal) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.app.push_screen(AverageScreen(Job(folder), terminal))
        await wait_for_text(pilot, "mean of 5 particles", PLACEHOLDER)
        pictures = pilot.app.screen.query_one("#slices", PictureLines)._pictures
        assert [picture.grey.shape for picture in pictures] == [(16, 16)] * 3
        await pilot.press("escape")
        await wait_for_text(pilot, "> apoferritin")
        assert PLACEHOLDER not in screen_text(pilot.app)


@NEEDS_EXTRA
def test_a_picture_goes_to_kitty_with_its_own_pixels() -> None:
    from base64 import b64decode
    from io import BytesIO

    from PIL import Image

    from mtui.tui.drawing import draw_picture

    grey = np.arange(30 * 40, dtype=np.uint16).reshape(30, 40).astype(np.uint8)
    drawn = [draw_picture(Picture(0, 0, 20, 10, grey), Graphics("kitty"), (0, 0)) for _ in range(300)]
    payload = b"".join(data for _, data in TRANSMISSIONS.findall(drawn[0].arrival.encode()))
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(b64decode(payload)))), grey)
    assert len(drawn[0].cells) == 10
    assert all(len(cells) == 4 * 20 and cells.count(PLACEHOLDER) == 20 for cells in drawn[0].cells)
    assert all(one.colour is not None and 16 <= one.colour < 256 for one in drawn)
    assert len({one.departure for one in drawn}) == 240


@NEEDS_EXTRA
def test_a_sixel_has_the_pixels_of_its_cells_in_few_greys() -> None:
    from mtui.tui.drawing import draw_picture

    grey = np.tile(np.arange(128, dtype=np.uint8) * 2, (128, 1))
    drawn = draw_picture(Picture(0, 0, 20, 10, grey), Graphics("sixel"), (9, 18))
    assert drawn.overlay.startswith("\x1bP") and '"1;1;180;180' in drawn.overlay
    levels = set(re.findall(r"#\d+;2;(\d+);(\d+);(\d+)", drawn.overlay))
    assert 32 < len(levels) <= 64 and all(red == green == blue for red, green, blue in levels)
    assert drawn.cells == (" " * 20,) * 10 and not drawn.arrival
