"""The whole way as a moving picture: open, look, intersect, apply, undo, export, detach, reattach."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw

from tests.make_screenshots.drawing import CELL, Fonts, draw_screen
from tests.make_screenshots.looks import COLOUR
from tests.make_screenshots.scenes import FIELD_REMARK, NEW_SET, REST_S, wait_for_home
from tests.make_screenshots.stage import Stage
from tests.tui.pseudo_terminal import PseudoTerminal

SIZE = (80, 24)
COLOURS = 128
SHORT_MS, READ_MS, LONG_MS = 500, 1600, 3000
_CAPTION = (40, 40, 40), (230, 159, 0)
"""Colours of the line below the terminal: background, text."""


@dataclass(slots=True)
class Film:
    """Frames with their times, each with what was pressed on a line below the terminal."""

    fonts: Fonts
    frames: list[Image.Image] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)

    def take(self, terminal: PseudoTerminal, caption: str, milliseconds: int) -> None:
        """Add what the terminal shows."""
        screen = draw_screen(terminal.screen, COLOUR, self.fonts)
        frame = Image.new("RGB", (screen.width, screen.height + CELL[1] + 4), _CAPTION[0])
        frame.paste(screen)
        ImageDraw.Draw(frame).text((CELL[0], screen.height + 2), caption, _CAPTION[1], font=self.fonts.bold)
        self.frames.append(frame)
        self.times_ms.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write a GIF that starts again at its end; all frames have one palette, so that few bytes differ."""
        sheet = Image.new("RGB", (self.frames[0].width, self.frames[0].height * len(self.frames)))
        for number, frame in enumerate(self.frames):
            sheet.paste(frame, (0, number * frame.height))
        palette = sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames)
        first.save(path, save_all=True, append_images=others, duration=self.times_ms, loop=0, optimize=True)


def film_tour(stage: Stage, fonts: Fonts, path: Path) -> None:
    """Go the whole way on a demo project of its own and write it down."""
    film = Film(fonts)
    population = "tour/demo.population"
    with stage.terminal(COLOUR, *SIZE, population) as terminal:
        wait_for_home(terminal)
        film.take(terminal, "mtui tour/demo.population", LONG_MS)
        _look(film, terminal)
        _intersect(film, terminal)
        _undo(film, terminal)
        _export(film, terminal)
        terminal.press("ctrl+q")
        terminal.wait_for_end()
        terminal.screen.reset()
        film.take(terminal, "^q: mtui is closed, the job runs on", READ_MS)
    with stage.terminal(COLOUR, *SIZE, population) as terminal:
        wait_for_home(terminal)
        film.take(terminal, "mtui tour/demo.population", READ_MS)
        _reattach(film, terminal)
    film.save(path)


def _step(
    film: Film, terminal: PseudoTerminal, key: str, caption: str, milliseconds: int, *texts: str
) -> None:
    """Press a key, wait for what it leads to, take a frame."""
    terminal.press(key)
    terminal.wait_for_text(*texts)
    terminal.quiet(REST_S)
    terminal.wait_for(lambda: "Half-sets    ..." not in terminal.text)
    film.take(terminal, caption, milliseconds)


def _look(film: Film, terminal: PseudoTerminal) -> None:
    _step(film, terminal, "v", "v: resolution from the half maps", READ_MS, "FSC 0.143")
    _step(film, terminal, "v", "v: where the particles are", READ_MS, "Viewing directions")
    _step(film, terminal, "v", "v: map and mask", READ_MS, "central xy")
    _step(film, terminal, "v", "v: back to the numbers", SHORT_MS, "Particles by source")


def _intersect(film: Film, terminal: PseudoTerminal) -> None:
    _step(film, terminal, "enter", "enter: what can be done", READ_MS, "Intersect with another")
    _step(film, terminal, "i", "i: intersect", SHORT_MS, "RELION .star", FIELD_REMARK)
    new_set = NEW_SET.replace("demo/", "tour/", 1)
    for start in range(0, len(new_set), 6):
        terminal.press(*new_set[start : start + 6])
        terminal.quiet(0.15)
        film.take(terminal, "typing the path of the other set", 120)
    terminal.wait_for_text("new particles matched", "within tolerance")
    terminal.quiet(REST_S)
    film.take(terminal, "it is matched at once", READ_MS)
    _step(film, terminal, "f6", "f6: the axis to five tolerances", READ_MS, "beyond tolerance")
    _step(film, terminal, "ctrl+s", "^s: apply", LONG_MS, "z puts them back")


def _undo(film: Film, terminal: PseudoTerminal) -> None:
    _step(film, terminal, "z", "z: undo", READ_MS, "Undo the last change")
    _step(film, terminal, "y", "y: yes", LONG_MS, "is current again", "40 / 40")


def _export(film: Film, terminal: PseudoTerminal) -> None:
    terminal.press("enter")
    terminal.wait_for_text("Export sub-tomograms...")
    _step(film, terminal, "e", "enter, e: export", READ_MS, "Will write")
    terminal.press("ctrl+s")
    terminal.wait_for_text("Progress", "Log ")
    terminal.quiet(REST_S)
    film.take(terminal, "^s: the job starts", READ_MS)
    terminal.wait_for_text("grid_02")
    film.take(terminal, "it runs on its own", READ_MS)


def _reattach(film: Film, terminal: PseudoTerminal) -> None:
    _step(film, terminal, "J", "J: jobs", READ_MS, "anchor", "%")
    _step(film, terminal, "enter", "enter: watch it again", READ_MS, "Progress", "Log ")
    terminal.wait_for_text("+ done")
    terminal.quiet(2 * REST_S)
    film.take(terminal, "done", LONG_MS)
