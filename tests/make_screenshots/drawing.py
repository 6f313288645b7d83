"""Draw the cells of a terminal as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pyte.screens import Char

from tests.make_screenshots.looks import NAMED_COLOURS, Look, Rgb
from tests.tui.pseudo_terminal import Screen

FONTS = Path("/usr/share/fonts/truetype/dejavu")
FONT_SIZE = 15
CELL = (9, 18)
"""Width and height of a cell in pixels; DejaVu Sans Mono of this size advances by nine."""
DIM = 0.62
"""How much of a colour's distance to the background faint text keeps."""
PALETTE_COLOURS = 64

_EIGHTHS = {glyph: eighths for eighths, glyph in enumerate("▁▂▃▄▅▆▇█", start=1)}
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_LINES = {
    "─": "lr",
    "│": "ud",
    "┌": "rd",
    "┐": "ld",
    "└": "ru",
    "┘": "lu",
    "├": "udr",
    "┤": "udl",
    "┬": "lrd",
    "┴": "lru",
    "┼": "lrud",
}


class MissingFontError(Exception):
    """The font is not installed."""


@dataclass(frozen=True, slots=True)
class Fonts:
    """The two cuts that a terminal uses."""

    book: ImageFont.FreeTypeFont
    bold: ImageFont.FreeTypeFont


def load_fonts(folder: Path = FONTS) -> Fonts:
    """DejaVu Sans Mono; raises MissingFontError with the name of the package that has it."""
    paths = [folder / name for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")]
    for path in paths:
        # Pillow itself would look for a font of this name elsewhere.
        if not path.is_file():
            raise MissingFontError(
                f"There is no {path}. Install Debian's package fonts-dejavu-core: "
                "apt-get install fonts-dejavu-core"
            )
    book, bold = (ImageFont.truetype(path, FONT_SIZE) for path in paths)
    return Fonts(book, bold)


def draw_screen(screen: Screen, look: Look, fonts: Fonts) -> Image.Image:
    """The terminal's cells as an image of RGB pixels, ``CELL`` for each."""
    image = Image.new("RGB", (screen.columns * CELL[0], screen.lines * CELL[1]), look.background)
    draw = ImageDraw.Draw(image)
    for y in range(screen.lines):
        row = screen.buffer[y]
        for x in range(screen.columns):
            _draw_cell(draw, (x * CELL[0], y * CELL[1]), row[x], look, fonts)
    return image


def to_palette(image: Image.Image) -> Image.Image:
    """The image with a palette of its own: a fraction of the bytes."""
    return image.quantize(PALETTE_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _draw_cell(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], cell: Char, look: Look, fonts: Fonts
) -> None:
    foreground, background = _colours(cell, look)
    x, y = corner
    if background != look.background:
        draw.rectangle((x, y, x + CELL[0] - 1, y + CELL[1] - 1), background)
    glyph = cell.data
    if not glyph.strip():
        return
    if not _draw_shape(draw, corner, glyph, foreground, background):
        draw.text((x, y), glyph, foreground, font=fonts.bold if cell.bold else fonts.book)
    if cell.underscore:
        draw.line((x, y + CELL[1] - 2, x + CELL[0] - 1, y + CELL[1] - 2), foreground)


def _colours(cell: Char, look: Look) -> tuple[Rgb, Rgb]:
    foreground = _rgb(cell.fg, look.foreground)
    background = _rgb(cell.bg, look.background)
    if cell.reverse:
        foreground, background = background, foreground
    return (_mixed(background, foreground, DIM) if cell.italics else foreground), background


def _rgb(name: str, default: Rgb) -> Rgb:
    """A colour as pyte tells it: a name, or six hexadecimal digits."""
    if name == "default":
        return default
    if name in NAMED_COLOURS:
        return NAMED_COLOURS[name]
    return int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16)


def _mixed(far: Rgb, near: Rgb, share: float) -> Rgb:
    red, green, blue = (round(start + (end - start) * share) for start, end in zip(far, near, strict=True))
    return red, green, blue


def _draw_shape(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], glyph: str, foreground: Rgb, background: Rgb
) -> bool:
    """Blocks and frames, which terminals draw themselves so that cells join without a seam."""
    x, y = corner
    right, bottom = x + CELL[0] - 1, y + CELL[1] - 1
    if glyph in _EIGHTHS:
        draw.rectangle((x, bottom + 1 - round(CELL[1] * _EIGHTHS[glyph] / 8), right, bottom), foreground)
    elif glyph == "▀":
        draw.rectangle((x, y, right, y + CELL[1] // 2 - 1), foreground)
    elif glyph in _SHADES:
        draw.rectangle((x, y, right, bottom), _mixed(background, foreground, _SHADES[glyph]))
    elif glyph in _LINES:
        middle = (x + CELL[0] // 2, y + CELL[1] // 2)
        ends = {"l": (x, middle[1]), "r": (right, middle[1]), "u": (middle[0], y), "d": (middle[0], bottom)}
        for side in _LINES[glyph]:
            draw.line((*middle, *ends[side]), foreground)
    else:
        return False
    return True
