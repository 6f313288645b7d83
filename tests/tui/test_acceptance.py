"""What must hold in every screen and on every terminal, seen from a pseudo-terminal."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtui.errors import ExitCode
from tests.tui.pseudo_terminal import DETAILS_S, LATE_DETAILS, MAIN_SCREEN, PseudoTerminal
from tests.tui.terminals import Look, environment, is_ascii, looks
from tests.tui.test_jobs import a_job

LOOKS = looks()
KEY_BYTES = 1000
SCREEN_BYTES = 25_000
REST_S = 0.6
"""Nothing for so long: the screen is complete."""
IDLE_S = 1.3
"""Longer than any poll of a screen."""
FILES = 100_000


@dataclass(frozen=True)
class Place:
    """A screen, how to get there from the one before, and what it shows then."""

    keys: tuple[str, ...]
    texts: tuple[str, ...]


HOME = Place((), ("Species (3)", "60 / 60", "enter Operations"))
INTERSECT = Place(("enter", "i"), ("New particle set", "[ ] Only old"))
EXPORT = Place(("enter", "e"), ("Will write 120 volumes", "would be skipped"))
PLACES = {
    "home": HOME,
    "operations": Place(("enter",), ("e  Export sub-tomograms...",)),
    "intersect": INTERSECT,
    "intersect more": Place((*INTERSECT.keys, "f8"), ("Dialect",)),
    "export": EXPORT,
    "export more": Place((*EXPORT.keys, "f8"), ("Batch system",)),
    "browse": Place((*EXPORT.keys, *["tab"] * 5, "ctrl+o"), ("/filter:", "species/")),
    "help": Place((*EXPORT.keys, "f1"), ("Help: Export sub-tomograms",)),
    "sources": Place(("s",), ("Sources (2)",)),
    "jobs": Place(("J",), ("Jobs (1)", "= stopped")),
    "job": Place(("J", "enter"), ("Problems (0)", "= stopped")),
    "deleting": Place(("J", "d"), ("Delete job 1?",)),
    "messages": Place(("L",), ("Messages", "message")),
    "open": Place(("o",), ("Open a population",)),
}


def app(population: Path, look: Look) -> PseudoTerminal:
    return PseudoTerminal(["-m", "mtui", str(population)], environment(**look))


def arrive(terminal: PseudoTerminal, place: Place) -> None:
    """Open a screen and wait until it is at rest."""
    terminal.wait_for_text(*HOME.texts[1:])
    terminal.quiet(REST_S)
    for number, key in enumerate(place.keys):
        before = len(terminal.received)
        terminal.press(key)
        terminal.wait_for(lambda before=before: len(terminal.received) > before)  # type: ignore[misc]
        terminal.quiet(REST_S)
        if place.keys[: number + 1] == EXPORT.keys:
            terminal.wait_for_text(*EXPORT.texts)
    terminal.wait_for_text(*place.texts)
    terminal.quiet(REST_S)


WALKS = {
    "lists": ("home", "operations", "sources", "messages", "open"),
    "forms": ("intersect", "intersect more", "export", "export more", "browse", "help"),
    "jobs": ("jobs", "job", "deleting"),
}


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("look", LOOKS)
def test_idle_screens_send_nothing_and_come_back_from_any_size(
    population: Path, look: Look, walk: str
) -> None:
    a_job(population, "stopped")
    with app(population, look) as terminal:
        for name in WALKS[walk]:
            arrive(terminal, PLACES[name])
            assert terminal.quiet(IDLE_S) == 0, name
            shown, focus = terminal.text, reversed_cells(terminal)
            terminal.resize(60, 20)
            terminal.wait_for_text("mtui needs 80x24, this window is 60x20.")
            terminal.resize(200, 60)
            terminal.wait_for(lambda: "mtui needs" not in terminal.text)
            terminal.quiet(REST_S)
            terminal.resize(80, 24)
            terminal.wait_for(lambda shown=shown: terminal.text == shown)  # type: ignore[misc]
            terminal.quiet(REST_S)
            assert (terminal.text, reversed_cells(terminal)) == (shown, focus), name
            leave(terminal)
        assert terminal.received.isascii() or not is_ascii(look)


def leave(terminal: PseudoTerminal) -> None:
    """Back to the home screen."""
    while "enter Operations" not in terminal.text or " Species" not in terminal.text:
        terminal.press("escape")
        terminal.quiet(REST_S)


def reversed_cells(terminal: PseudoTerminal) -> list[tuple[int, int]]:
    """Where the screen is inverse: cursor and focus."""
    return [
        (row, column)
        for row in range(terminal.screen.lines)
        for column in range(terminal.screen.columns)
        if terminal.screen.buffer[row][column].reverse
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_a_key_costs_at_most_a_kilobyte(population: Path, look: Look) -> None:
    with PseudoTerminal(["-c", LATE_DETAILS, str(population)], environment(**look)) as terminal:
        arrive(terminal, HOME)
        terminal.quiet(DETAILS_S + REST_S)
        assert len(terminal.received) <= SCREEN_BYTES
        # The details follow the cursor a moment later, which is no part of the key's own answer.
        for keys, place in (
            (("j", "k", "/", "r", "escape"), HOME),
            (("tab", "7", "backspace", "tab"), EXPORT),
        ):
            for key in place.keys:
                terminal.press(key)
                assert terminal.quiet(REST_S) <= SCREEN_BYTES, key
            terminal.wait_for_text(*place.texts[1:])
            terminal.quiet(REST_S)
            for key in keys:
                before = len(terminal.received)
                terminal.press(key)
                terminal.wait_for(lambda before=before: len(terminal.received) > before)  # type: ignore[misc]
                terminal.quiet(0.1)
                assert len(terminal.received) - before <= KEY_BYTES, key
                terminal.quiet(DETAILS_S + REST_S)


@pytest.mark.parametrize("look", LOOKS)
def test_ticks_are_told_apart_without_colour(population: Path, look: Look) -> None:
    with app(population, {**look, "NO_COLOR": "1"}) as terminal:
        arrive(terminal, INTERSECT)
        assert "[ ] Only old" in terminal.text and "[x] In both" in terminal.text
        assert "( ) M .star" in terminal.text and "(*) RELION .star" in terminal.text
        colours = {(cell.fg, cell.bg) for row in terminal.screen.buffer.values() for cell in row.values()}
        assert colours == {("default", "default")}


CRASH = """
import sys
from mtui.cli.main import main
from mtui.tui.screens.population import PopulationScreen
def fail(screen):
    raise RuntimeError("made for the test")
async def fail_later(screen):
    raise RuntimeError("made for the test")
PopulationScreen.action_sources = fail
PopulationScreen.action_jobs = lambda screen: screen.run_worker(fail_later(screen))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("key", ["s", "J"])
def test_a_fault_leaves_a_clean_terminal_and_a_report(population: Path, tmp_path: Path, key: str) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    more = {"TMPDIR": str(reports)}
    with PseudoTerminal(["-c", CRASH, str(population)], environment(**more)) as terminal:
        arrive(terminal, HOME)
        terminal.press(key)
        assert terminal.wait_for_end() == ExitCode.FAILED
        shown = " ".join(terminal.text.split())
        assert "mtui: A fault in mtui itself: RuntimeError: made for the test. The report is in" in shown
        assert "Traceback" not in shown and terminal.echoes
        assert MAIN_SCREEN in terminal.received
        (report,) = reports.glob("mtui-report-*.txt")
        assert "Traceback" in report.read_text() and report.name in terminal.text.replace("\n", "")


def test_a_suspended_app_leaves_the_terminal_and_comes_back_whole(population: Path) -> None:
    with app(population, {}) as terminal:
        arrive(terminal, HOME)
        terminal.press("ctrl+z")
        terminal.wait_for(lambda: MAIN_SCREEN in terminal.received)
        _, status = os.waitpid(terminal.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and terminal.echoes
        terminal.quiet(REST_S)
        terminal.screen.reset()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for_text(*HOME.texts)
        assert not terminal.echoes


PASTED = {
    "'/data/a b.star'\n": "/data/a b.star",
    '"/data/x.star"': "/data/x.star",
    "file:///data/a%20b.star\r\n": "/data/a b.star",
    "  /data/y.star \n": "/data/y.star",
}


def test_a_pasted_path_is_cleaned(population: Path) -> None:
    with app(population, {}) as terminal:
        arrive(terminal, INTERSECT)
        for pasted, path in PASTED.items():
            terminal.press("ctrl+u")
            terminal.send(b"\x1b[200~" + pasted.encode() + b"\x1b[201~")
            terminal.wait_for_text(f"[ {path} ")
            assert "New particle set" in terminal.text


def until(terminal: PseudoTerminal, condition: Callable[[], bool]) -> float:
    """Seconds until something holds."""
    start = time.monotonic()
    terminal.wait_for(condition)
    return time.monotonic() - start


def test_a_folder_of_very_many_files_does_not_hold_up_typing(population: Path) -> None:
    folder = population.parent / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"f{number:06d}.star").touch()
    with app(population, {}) as terminal:
        arrive(terminal, INTERSECT)
        terminal.press(f"{folder}/f")
        terminal.wait_for_text("/many/f")
        terminal.press("tab", "0", "1")
        # The listing is under way or done; what is typed meanwhile is not lost and not overtaken.
        terminal.wait_for_text("01 ")
        assert "500 fit" in terminal.text or "/f01" in terminal.text or "/f001" in terminal.text
        terminal.press("backspace")
        terminal.quiet(REST_S)
        terminal.press("tab")
        terminal.wait_for_text("fit: ")
