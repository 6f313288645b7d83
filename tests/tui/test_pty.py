"""The app on a real pseudo-terminal: bytes, signals, imports, escape sequences."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from mtui.errors import ExitCode
from tests.tui.pseudo_terminal import DETAILS_S, LATE_DETAILS, MAIN_SCREEN, PseudoTerminal

HEAVY = ("jax", "pandas", "scipy", "plotext", "starfile", "mrcfile")
OPENED = "Opened ery.population: 3 species"
KEY_BYTES = 1000
SCREEN_BYTES = 25_000


def environment(**more: str) -> dict[str, str]:
    """A plain terminal on this machine, UTF-8."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "ESCDELAY": "500", **more}


def app(population: Path, **more: str) -> PseudoTerminal:
    return PseudoTerminal(["-m", "mtui", str(population)], environment(**more))


def opened(terminal: PseudoTerminal) -> None:
    """Wait until the home screen has everything and is at rest."""
    terminal.wait_for_text(OPENED, "60 / 60", "enter Operations")
    terminal.quiet(0.5)


def export_form(terminal: PseudoTerminal) -> None:
    """Open the export form of the first species and wait for its plan."""
    terminal.press("enter")
    terminal.wait_for_text("e  Export sub-tomograms...")
    terminal.press("e")
    terminal.wait_for_text("Will write 120 volumes")


def test_nothing_heavy_is_imported_before_the_first_paint(population: Path, tmp_path: Path) -> None:
    report = tmp_path / "modules.txt"
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from mtui.tui.screens import population\n"
        "load = population.load_population\n"
        "def report(*words, **more):\n"
        f"    Path({str(report)!r}).write_text(' '.join(sys.modules))\n"
        "    return load(*words, **more)\n"
        "population.load_population = report\n"
        "from mtui.tui.run import run_app\n"
        f"sys.exit(run_app(Path({str(population)!r})))\n"
    )
    with PseudoTerminal(["-c", code], environment()) as terminal:
        opened(terminal)
        at_first_paint = set(report.read_text().split())
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    assert "textual" in at_first_paint
    assert at_first_paint.isdisjoint(HEAVY)
    assert not any(name.startswith("mtui.engine.") for name in at_first_paint)


def test_idle_sends_nothing_and_keys_send_little(population: Path) -> None:
    with PseudoTerminal(["-c", LATE_DETAILS, str(population)], environment()) as terminal:
        opened(terminal)
        terminal.quiet(DETAILS_S + 0.6)
        assert len(terminal.received) < SCREEN_BYTES
        assert terminal.quiet(2.5) == 0
        for key in ("j", "j", "k", "g", "G"):
            before = len(terminal.received)
            terminal.press(key)
            terminal.wait_for(lambda before=before: len(terminal.received) > before)  # type: ignore[misc]
            terminal.quiet(0.1)
            assert len(terminal.received) - before <= KEY_BYTES, key
            # The details of the species follow when the cursor rests.
            terminal.quiet(DETAILS_S + 0.6)
            assert len(terminal.received) - before <= 2 * KEY_BYTES, key
        # The details of the last species follow when its table is read.
        terminal.wait_for_text("> 70S empty", "5 / 4")
        terminal.quiet(DETAILS_S + 0.6)
        assert terminal.quiet(2.5) == 0
        terminal.press("g")
        terminal.wait_for_text("> apoferritin", "60 / 60")
        terminal.quiet(0.6)
        terminal.press("enter")
        assert terminal.quiet(0.6) < SCREEN_BYTES
        terminal.press("escape")
        terminal.quiet(1.0)
        export_form(terminal)
        terminal.quiet(1.0)
        assert terminal.quiet(2.5) == 0
        for key in ("tab", "down", "7", "backspace", "tab"):
            before = len(terminal.received)
            terminal.press(key)
            terminal.wait_for(lambda before=before: len(terminal.received) > before)  # type: ignore[misc]
            terminal.quiet(0.25)
            assert len(terminal.received) - before <= KEY_BYTES, key


def test_the_cursor_is_as_wide_as_its_list(population: Path) -> None:
    with PseudoTerminal(["-m", "mtui", str(population)], environment(), columns=250) as terminal:
        opened(terminal)
        terminal.press("s")
        terminal.wait_for_text("> TS_set1")
        terminal.quiet(0.5)
        (row,) = (number for number, text in enumerate(terminal.screen.display) if "> TS_set1" in text)
        cells = terminal.screen.buffer[row]
        inverse = [column for column in range(terminal.screen.columns) if cells[column].reverse]
        assert inverse == list(range(1, 249))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_restore_the_terminal(population: Path, number: signal.Signals) -> None:
    with app(population) as terminal:
        opened(terminal)
        assert not terminal.echoes
        os.kill(terminal.pid, number)
        assert terminal.wait_for_end() == ExitCode.INTERRUPTED
        assert MAIN_SCREEN in terminal.received
        assert terminal.received.rindex(b"\x1b[?25h") > terminal.received.rindex(MAIN_SCREEN)
        assert terminal.received.rindex(b"\x1b[?1003l") > terminal.received.rindex(b"\x1b[?1003h")
        assert terminal.echoes


def test_quitting_leaves_a_clean_terminal(population: Path) -> None:
    with app(population) as terminal:
        opened(terminal)
        terminal.press("ctrl+q")
        assert terminal.wait_for_end() == 0
        assert MAIN_SCREEN in terminal.received and terminal.echoes
        # The emulator has no second screen, like the Linux console and GNU screen.
        assert not terminal.text.strip()


def test_split_escape_sequences_do_not_change_a_field(population: Path) -> None:
    with app(population) as terminal:
        opened(terminal)
        terminal.press("/", "r", "i", "b")
        terminal.wait_for_text("/filter: rib")
        for first, rest in ((b"\x1b", b"[D"), (b"\x1b[", b"C"), (b"\x1b[<35", b";20;5M")):
            terminal.send(first)
            terminal.quiet(0.3)
            terminal.send(rest)
            terminal.quiet(0.3)
        terminal.press("o")
        terminal.wait_for_text("/filter: ribo")


def test_mouse_is_off_over_ssh_and_on_when_asked_for(population: Path) -> None:
    mouse_on = b"\x1b[?1003h"
    ssh = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
    for words, more, expected in (([], ssh, False), (["--mouse"], ssh, True)):
        arguments = ["-m", "mtui", str(population), *words]
        with PseudoTerminal(arguments, environment(**more)) as terminal:
            opened(terminal)
            assert (mouse_on in terminal.received) == expected


def test_ascii_mode_sends_only_7_bits(population: Path) -> None:
    for more in ({"LANG": "C"}, {"TERM": "linux"}):
        with app(population, **more) as terminal:
            opened(terminal)
            export_form(terminal)
            assert "A/px" in terminal.text and "+- Output -" in terminal.text
            assert terminal.received.isascii()


def test_no_color_sends_no_colour(population: Path) -> None:
    with app(population, NO_COLOR="1") as terminal:
        opened(terminal)
        export_form(terminal)
        colours = {
            cell.fg for row in terminal.screen.buffer.values() for cell in row.values() if cell.data.strip()
        }
        assert colours == {"default"}
        assert any(cell.reverse for row in terminal.screen.buffer.values() for cell in row.values())


@pytest.mark.parametrize("more", [{}, {"COLUMNS": "80", "LINES": "24"}])
def test_a_small_window_says_so_and_recovers(population: Path, more: dict[str, str]) -> None:
    with app(population, **more) as terminal:
        opened(terminal)
        terminal.press("j")
        terminal.quiet(0.3)
        terminal.resize(60, 20)
        terminal.wait_for_text("mtui needs 80x24, this window is 60x20.")
        terminal.resize(100, 30)
        terminal.wait_for_text("> ribosome", "enter Operations")


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_is_refused_in_a_sentence(population: Path, term: str) -> None:
    with app(population, TERM=term) as terminal:
        assert terminal.wait_for_end() == 2
        assert "Use the commands instead: mtui --help" in " ".join(terminal.text.split())
        assert MAIN_SCREEN not in terminal.received
