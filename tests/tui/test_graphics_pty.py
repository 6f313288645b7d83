"""Pictures of pixels on a terminal that takes them: what is sent, and what is left of it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.tui.graphics_terminal import (
    CELL_PX,
    FOOT,
    FOOT_ANSWERS,
    KITTY,
    KITTY_ANSWERS,
    NEEDS_EXTRA,
    PLACEHOLDER,
    SIXELS,
    TRANSMISSIONS,
    GraphicsTerminal,
)
from tests.tui.pseudo_terminal import MAIN_SCREEN, PseudoTerminal
from tests.tui.test_pty import KEY_BYTES, opened

BOTH = pytest.mark.parametrize(
    ("answers", "look"), [(KITTY_ANSWERS, KITTY), (FOOT_ANSWERS, FOOT)], ids=["kitty", "sixel"]
)
Answers = dict[bytes, bytes]
Look = dict[str, str]


def see_map(terminal: PseudoTerminal) -> None:
    """Turn to the page with the pictures, the last of four."""
    terminal.press("V")
    terminal.wait_for_text("Map and mask 4/4", "mask  central xy, xz")
    terminal.quiet(0.8)


def transmissions(data: bytes) -> list[dict[bytes, bytes]]:
    """The keys and values of each transmission in kitty's protocol."""
    return [dict(pair.split(b"=") for pair in keys.split(b",")) for keys, _ in TRANSMISSIONS.findall(data)]


def cells_sent(data: bytes) -> list[int]:
    """Of each picture that came and was not taken away since: the cells that it fills."""
    cells: dict[bytes, int] = {}
    for values in transmissions(data):
        if values.get(b"a") == b"p":
            cells[values[b"i"]] = int(values[b"c"]) * int(values[b"r"])
        elif values.get(b"a") == b"d":
            cells.pop(values[b"i"], None)
    sixels = [int(width) * int(height) for width, height in SIXELS.findall(data)]
    return [*cells.values(), *(area // (CELL_PX[0] * CELL_PX[1]) for area in sixels)]


@NEEDS_EXTRA
@BOTH
def test_a_page_is_sent_once_and_leaves_nothing(mapped: Path, answers: Answers, look: Look) -> None:
    with GraphicsTerminal(mapped, answers, look) as terminal:
        opened(terminal)
        assert terminal.received.count(b"a=q") == 1 and not cells_sent(terminal.received)
        before = len(terminal.received)
        see_map(terminal)
        sent = cells_sent(terminal.received[before:])
        assert len(sent) == 4 and terminal.picture_cells == sum(sent) > 200
        assert "map (filt)  central xy, xz" in terminal.text and "▀" not in terminal.text
        assert terminal.quiet(2.5) == 0

        # Under a menu and back.
        terminal.press("enter")
        terminal.wait_for_text("e  Export sub-tomograms...")
        terminal.quiet(0.5)
        assert terminal.picture_cells < sum(sent)
        terminal.press("escape")
        terminal.wait_for(lambda: terminal.picture_cells == sum(sent))
        terminal.quiet(0.5)
        assert terminal.picture_cells == sum(sent)

        before = len(terminal.received)
        terminal.press("v")
        terminal.wait_for_text("About 1/4", "Diameter")
        terminal.quiet(0.5)
        assert terminal.picture_cells == 0 and not cells_sent(terminal.received[before:])
        assert terminal.quiet(1.5) == 0
        for key in ("j", "k"):
            before = len(terminal.received)
            terminal.press(key)
            terminal.quiet(0.8)
            assert 0 < len(terminal.received) - before <= 2 * KEY_BYTES
        terminal.press("ctrl+q")
        assert terminal.wait_for_end() == 0
        assert MAIN_SCREEN in terminal.received and terminal.echoes


@NEEDS_EXTRA
def test_kitty_is_told_in_256_colours_and_without_answers(mapped: Path) -> None:
    with GraphicsTerminal(mapped, KITTY_ANSWERS, KITTY) as terminal:
        opened(terminal)
        before = len(terminal.received)
        see_map(terminal)
        sent = transmissions(terminal.received[before:])
        numbers = {values[b"i"] for values in sent}
        assert all(values[b"q"] == b"2" for values in sent)
        assert all(values[b"U"] == b"1" for values in sent if values.get(b"a") == b"p")
        colours = re.findall(r"38;5;(\d+)[;\d]*m" + PLACEHOLDER, terminal.received[before:].decode())
        assert {int(colour) for colour in colours} == {int(number) & 255 for number in numbers}

        # The cells come again from under a menu, in their colours; the pictures are there still.
        before = len(terminal.received)
        terminal.press("enter")
        terminal.wait_for_text("e  Export sub-tomograms...")
        terminal.press("escape")
        terminal.wait_for_text("v View")
        terminal.quiet(0.8)
        assert not transmissions(terminal.received[before:])
        again = re.findall(r"38;5;(\d+)[;\d]*m" + PLACEHOLDER, terminal.received[before:].decode())
        assert set(again) == set(colours)

        before = len(terminal.received)
        terminal.press("v")
        terminal.wait_for_text("About 1/4", "Diameter")
        terminal.quiet(0.5)
        taken = transmissions(terminal.received[before:])
        assert {values[b"i"] for values in taken} == numbers
        assert all(values[b"a"] == b"d" and values[b"d"] == b"I" for values in taken)


@NEEDS_EXTRA
@BOTH
def test_pictures_are_made_anew_for_another_size(mapped: Path, answers: Answers, look: Look) -> None:
    with GraphicsTerminal(mapped, answers, {**look, "COLORTERM": "truecolor"}) as terminal:
        opened(terminal)
        see_map(terminal)
        small, before = terminal.picture_cells, len(terminal.received)
        terminal.resize(120, 36)
        terminal.wait_for(lambda: terminal.picture_cells > small)
        terminal.quiet(0.8)
        shown = cells_sent(terminal.received[before:])[-4:]
        assert len(shown) == 4 and terminal.picture_cells == sum(shown)
        terminal.resize(60, 20)
        terminal.wait_for_text("mtui needs 80x24")
        terminal.quiet(0.3)
        assert terminal.picture_cells == 0


@NEEDS_EXTRA
@BOTH
def test_whoever_stops_the_app_finds_the_pictures_again(mapped: Path, answers: Answers, look: Look) -> None:
    with GraphicsTerminal(mapped, answers, look) as terminal:
        opened(terminal)
        see_map(terminal)
        before = len(terminal.received)
        terminal.press("ctrl+z")
        terminal.wait_for(lambda: MAIN_SCREEN in terminal.received)
        _, status = os.waitpid(terminal.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        terminal.quiet(0.3)
        terminal.screen.reset()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for_text("Map and mask 4/4")
        terminal.quiet(0.8)
        sent = cells_sent(terminal.received[before:])[-4:]
        assert len(sent) == 4 and terminal.picture_cells == sum(sent)
        assert terminal.quiet(1.5) == 0


def imports_pillow(pid: int) -> bool:
    """Whether a process has the code with which the extra draws."""
    return "/PIL/" in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        ({}, "▀"),
        ({**KITTY, "TMUX": "/tmp/t,1,0"}, "▀"),
        ({**KITTY, "NO_COLOR": "1"}, "░▒▓█"),
        ({**FOOT, "LANG": "C"}, ".:-=+*#%@"),
    ],
)
def test_other_terminals_are_not_asked_and_get_characters(mapped: Path, look: Look, shown: str) -> None:
    with GraphicsTerminal(mapped, {}, look) as terminal:
        opened(terminal)
        see_map(terminal)
        assert not any(
            string in terminal.received for string in (b"\x1b_G", b"\x1bP", b"\x1b[16t", b"\x1b[c")
        )
        assert not imports_pillow(terminal.pid)
        rows = terminal.text.split("\n")
        first = next(row for row, text in enumerate(rows) if "map (filt)" in text) + 1
        characters = {character for text in rows[first : first + 7] for character in text[41:-1]}
        assert characters - {" "} <= set(shown) and len(characters) > len(shown) // 2


@NEEDS_EXTRA
def test_a_promise_that_is_not_kept_gives_characters_and_imports_nothing(mapped: Path) -> None:
    with GraphicsTerminal(mapped, {b"\x1b[c": b"\x1b[?64;1;2c"}, {"KITTY_WINDOW_ID": "1"}) as terminal:
        opened(terminal)
        see_map(terminal)
        assert len(TRANSMISSIONS.findall(terminal.received)) == 1
        assert "▀" in terminal.text and not imports_pillow(terminal.pid)


@NEEDS_EXTRA
def test_sixels_need_to_know_how_large_a_character_is(mapped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GraphicsTerminal, "resize", PseudoTerminal.resize)
    told = {b"\x1b[16t": b"\x1b[6;18;9t", b"\x1b[c": b"\x1b[?62;4c"}
    for answers, height in ((told, 18), ({b"\x1b[c": b"\x1b[?62;4c"}, None)):
        with GraphicsTerminal(mapped, answers, FOOT) as terminal:
            opened(terminal)
            see_map(terminal)
            heights = {int(height) for _, height in SIXELS.findall(terminal.received)}
            assert len(heights) == (height is not None) and all(edge % (height or 1) == 0 for edge in heights)
            assert ("▀" in terminal.text) == (height is None)


@NEEDS_EXTRA
def test_what_is_typed_while_the_terminal_is_asked_is_not_lost(mapped: Path) -> None:
    with GraphicsTerminal(mapped, KITTY_ANSWERS, KITTY, typed=b"L") as terminal:
        terminal.wait_for_text("mtui  Messages", "esc Back")
        terminal.press("escape")
        terminal.wait_for_text("> apoferritin")
        see_map(terminal)
        assert terminal.picture_cells > 200
