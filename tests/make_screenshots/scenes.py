"""Which keys lead to each screen, and when it is complete."""

from __future__ import annotations

from collections.abc import Callable

from tests.make_screenshots.held import HeldJob
from tests.make_screenshots.looks import Look
from tests.make_screenshots.stage import Stage
from tests.tui.pseudo_terminal import PseudoTerminal

Capture = Callable[[str, PseudoTerminal], None]
"""Takes the name of a screen and the terminal that shows it."""

REST_S = 0.8
"""So long nothing more may come before a screen counts as complete."""
SPECIES = "anchor"
PAGES = (
    ("resolution", "FSC 0.143"),
    ("particles", "Viewing directions"),
    ("map", "central xy"),
)
"""Pages of the details after the first: name of the picture, and a text that it has."""
FIELD_REMARK = "The new set is a RELION"
"""What the message line says once the path field has the focus."""
NEW_SET = "demo/sets/anchor_relion31.star"


def show_first_run(stage: Stage, look: Look, size: tuple[int, int], capture: Capture) -> None:
    """``mtui`` alone, in a folder without a population."""
    with stage.first_terminal(look, *size) as terminal:
        terminal.wait_for_text("Open a population")
        capture_at_rest("first-run", terminal, capture)


def show_screens(stage: Stage, look: Look, size: tuple[int, int], capture: Capture, held: HeldJob) -> None:
    """Every other screen, on one way through the app."""
    with stage.terminal(look, *size, str(stage.population)) as terminal:
        wait_for_home(terminal)
        capture_at_rest("population", terminal, capture)
        show_pages(terminal, capture)
        show_operations(terminal, capture)
        show_intersect(terminal, capture)
        show_export(terminal, capture)
        held.renew()
        show_jobs(terminal, capture)
        terminal.press("s")
        terminal.wait_for_text("Sources (2)")
        capture_at_rest("sources", terminal, capture)
        terminal.press("escape")
        terminal.quiet(REST_S)
        terminal.press("L")
        terminal.wait_for_text("message")
        capture_at_rest("messages", terminal, capture)


def wait_for_home(terminal: PseudoTerminal) -> None:
    """Wait until the population and the numbers of its first species are shown."""
    terminal.wait_for_text("Opened demo.population", "Particles by source")
    terminal.wait_for(lambda: "..." not in terminal.text)
    terminal.quiet(REST_S)


def show_pages(terminal: PseudoTerminal, capture: Capture) -> None:
    """The pages of the details, and back to the first."""
    for page, (name, text) in enumerate(PAGES, start=2):
        terminal.press("v")
        terminal.wait_for_text(f"{page}/{len(PAGES) + 1}", text)
        terminal.wait_for(lambda: "computing" not in terminal.text)
        capture_at_rest(name, terminal, capture)
    terminal.press("v")
    terminal.quiet(REST_S)


def show_operations(terminal: PseudoTerminal, capture: Capture) -> None:
    """The menu over the home screen; it stays open."""
    terminal.press("enter")
    terminal.wait_for_text("Intersect with another particle set")
    capture_at_rest("operations", terminal, capture)


def show_intersect(terminal: PseudoTerminal, capture: Capture) -> None:
    """From the menu to the distances, and its help; back home."""
    terminal.press("i")
    terminal.wait_for_text("RELION .star", FIELD_REMARK)
    terminal.quiet(REST_S)
    terminal.press(*NEW_SET)
    terminal.wait_for_text("new particles matched", "within tolerance")
    terminal.press("f6")
    capture_at_rest("intersect", terminal, capture)
    terminal.press("f1")
    terminal.wait_for_text("About this screen")
    capture_at_rest("help", terminal, capture)
    leave(terminal, 2)


def show_export(terminal: PseudoTerminal, capture: Capture) -> None:
    """The form with its forecast; back home."""
    terminal.press("enter")
    terminal.wait_for_text("Export sub-tomograms...")
    terminal.press("e")
    terminal.wait_for_text("Will write")
    capture_at_rest("export", terminal, capture)
    leave(terminal, 1)


def show_jobs(terminal: PseudoTerminal, capture: Capture) -> None:
    """The list, the job that is held at work, and the first one that was run; back home."""
    terminal.press("J")
    terminal.wait_for_text("running", "done", SPECIES)
    capture_at_rest("jobs", terminal, capture)
    terminal.press("enter")
    terminal.wait_for_text("Settings", "* running", "elapsed", "left")
    capture_at_rest("running", terminal, capture)
    leave(terminal, 1)
    terminal.press("G", "enter")
    terminal.wait_for_text("Settings", "+ done", "Log ")
    capture_at_rest("job", terminal, capture)
    terminal.press("v")
    terminal.wait_for_text("central xy")
    capture_at_rest("average", terminal, capture)
    leave(terminal, 3)


def leave(terminal: PseudoTerminal, screens: int) -> None:
    """Go back; a lone escape is told from an escape sequence by the pause after it."""
    for _ in range(screens):
        terminal.press("escape")
        terminal.quiet(REST_S)


def capture_at_rest(name: str, terminal: PseudoTerminal, capture: Capture) -> None:
    """Take the picture once nothing more comes."""
    terminal.quiet(REST_S)
    capture(name, terminal)
