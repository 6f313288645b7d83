"""Make all pictures, or those of the screens and looks that are named."""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path

from mtui.demo.project import write_demo
from tests.make_screenshots.drawing import Fonts, MissingFontError, draw_screen, load_fonts, to_palette
from tests.make_screenshots.held import HeldJob, held_export
from tests.make_screenshots.looks import LOOKS, SIZES, Look, picture_name
from tests.make_screenshots.scenes import show_first_run, show_screens
from tests.make_screenshots.stage import Stage, open_stage
from tests.make_screenshots.tour import film_tour
from tests.tui.pseudo_terminal import REPOSITORY, PseudoTerminal

FOLDER = REPOSITORY / "screenshots"


def main() -> int:
    """Make the pictures; 1 with a sentence where the font is missing or the folder is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.make_screenshots", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--only", choices=("screens", "tour"), help="not both")
    parser.add_argument("--look", choices=[name_of(look) for look in LOOKS], help="only this one")
    parser.add_argument(
        "--columns", type=int, choices=[columns for columns, _ in SIZES], help="only this size"
    )
    arguments = parser.parse_args()
    try:
        fonts = load_fonts()
        arguments.folder.mkdir(exist_ok=True)
        with open_stage() as stage:
            if arguments.only != "tour":
                prepare(stage)
                wanted = [
                    (look, size)
                    for look, size in product(LOOKS, SIZES)
                    if arguments.look in (None, name_of(look)) and arguments.columns in (None, size[0])
                ]
                with held_export(stage) as held:
                    for look, size in wanted:
                        picture(stage, look, size, fonts, arguments.folder, held)
            if arguments.only != "screens":
                write_demo(stage.folder / "tour")
                film_tour(stage, fonts, arguments.folder / "tour.gif")
    except (MissingFontError, FileExistsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def name_of(look: Look) -> str:
    """A look as it is asked for."""
    return look.suffix.lstrip("-") or "colour"


def prepare(stage: Stage) -> None:
    """Write the demo project and run two exports, so that there are jobs to show."""
    print("writing the demo project and running two exports", flush=True)
    write_demo(stage.folder / "demo")
    for species, kind in (("anchor", "--volumes"), ("slow drifter", "--series")):
        name = species.replace(" ", "")
        output = ("--output", f"demo/particles/{name}.star", "--prerotate")
        stage.mtui("export", str(stage.population), species, kind, *output)


def picture(
    stage: Stage, look: Look, size: tuple[int, int], fonts: Fonts, folder: Path, held: HeldJob
) -> None:
    """Every screen at one size in one look."""

    def capture(name: str, terminal: PseudoTerminal) -> None:
        target = folder / picture_name(name, look, *size)
        to_palette(draw_screen(terminal.screen, look, fonts)).save(target, optimize=True)
        print(target.name, flush=True)

    show_first_run(stage, look, size, capture)
    show_screens(stage, look, size, capture, held)


if __name__ == "__main__":
    sys.exit(main())
