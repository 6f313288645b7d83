"""Lines of text with pictures between them: of pixels where the terminal shows them, else of characters."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import Color
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.strip import Strip

from mtui.tui.asking import current_cell_px
from mtui.tui.drawing import Drawn, draw_picture
from mtui.tui.screens.frame import Said
from mtui.tui.terminal import Graphics
from mtui.tui.widgets.lines import Line, Lines
from mtui.tui.widgets.pictures import Picture

_NO_WIDTH = [(ControlType.CURSOR_FORWARD, 0)]


class PictureLines(Lines):
    """Lines in which pictures of pixels can take the place of those made of characters."""

    def __init__(self, graphics: Graphics | None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._graphics = graphics
        self._pictures: tuple[Picture, ...] = ()
        self._drawn: tuple[Drawn, ...] = ()

    def on_mount(self) -> None:
        """Whoever stops the app and goes on finds the terminal without its pictures."""
        if self._graphics is not None:
            self.app.app_resume_signal.subscribe(self, lambda _: self._send_arrivals())

    def on_unmount(self) -> None:
        """Leave nothing in the terminal's memory."""
        self._send("".join(drawn.departure for drawn in self._drawn))

    def show(self, lines: Sequence[Line], pictures: Sequence[Picture]) -> None:
        """Show lines and, where the terminal can, these pictures instead of the lines in their place."""
        if self._graphics is not None and not self._shows(pictures):
            self._replace_pictures(tuple(pictures), self._graphics)
        covered = {picture.row + row for picture in self._pictures for row in range(picture.rows)}
        self.set_lines([() if row in covered else spans for row, spans in enumerate(lines)])

    def _shows(self, pictures: Sequence[Picture]) -> bool:
        return len(pictures) == len(self._pictures) and all(
            new.looks_like(old) for new, old in zip(pictures, self._pictures, strict=True)
        )

    def _replace_pictures(self, pictures: tuple[Picture, ...], graphics: Graphics) -> None:
        self._send("".join(drawn.departure for drawn in self._drawn))
        try:
            cell_px = current_cell_px() or graphics.cell_px
            self._drawn = tuple(draw_picture(picture, graphics, cell_px) for picture in pictures)
        except Exception as error:
            # Whatever is wrong with the library, there are still pictures made of characters.
            pictures, self._drawn, self._graphics = (), (), None
            reason = f"drawing them failed: {type(error).__name__}: {error}"
            self.post_message(Said(f"Pictures are made of characters, because {reason}", "error"))
        self._pictures = pictures
        self._send_arrivals()
        # A picture is whole only if all of its cells are sent.
        self.refresh()

    def _send_arrivals(self) -> None:
        self._send("".join(drawn.arrival for drawn in self._drawn))

    def _send(self, text: str) -> None:
        """Send to the terminal in order with what Textual sends."""
        driver = self.app._driver
        if text and driver is not None:
            driver.write(text)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines, with the pictures in them.

        Not where Textual keeps lines to draw them again, because a picture lies over whatever covers it.
        """
        if not self._drawn:
            return super().render_lines(crop)
        strips = super().render_lines(Region(0, crop.y, self.size.width, crop.height))
        overlays = [""] * len(strips)
        for picture, drawn in zip(self._pictures, self._drawn, strict=True):
            for index, cells in enumerate(drawn.cells):
                at = picture.row + index - crop.y
                if 0 <= at < len(strips):
                    strips[at] = self._with_cells(strips[at], picture, cells, drawn.colour)
            last = picture.row + picture.rows - 1 - crop.y
            if drawn.overlay and self.screen.is_active and 0 <= last < len(strips):
                overlays[last] += self._at_first_cell(picture, drawn.overlay)
        cropped = (strip.crop(crop.x, crop.right) for strip in strips)
        return [_with_overlay(*both) for both in zip(cropped, overlays, strict=True)]

    def _with_cells(self, strip: Strip, picture: Picture, cells: str, colour: int | None) -> Strip:
        """A row with a picture's cells in it."""
        style = self.rich_style
        if colour is not None:
            style = Style(color=Color.from_ansi(colour), bgcolor=style.bgcolor)
        inner = Strip([Segment(cells, style)], picture.columns)
        end = picture.column + picture.columns
        return Strip.join([strip.crop(0, picture.column), inner, strip.crop(end)])

    def _at_first_cell(self, picture: Picture, text: str) -> str:
        """Sent with the cursor at a picture's first cell, and back where it was."""
        first = self.region.offset + Offset(picture.column, picture.row)
        return f"\x1b7\x1b[{first.y + 1};{first.x + 1}H{text}\x1b8"


def _with_overlay(strip: Strip, overlay: str) -> Strip:
    if not overlay:
        return strip
    return Strip([*strip, Segment(overlay, None, _NO_WIDTH)], strip.cell_length)
