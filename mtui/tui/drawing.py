"""Pictures of pixels as what is sent to the terminal, by textual-image, which is imported here only."""

from __future__ import annotations

from dataclasses import dataclass

from mtui.tui.terminal import Graphics
from mtui.tui.widgets.pictures import Picture


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as it is sent."""

    cells: tuple[str, ...]
    """Characters that hold its place, a text for each row."""
    colour: int | None = None
    """Theirs, of the 256; the rest of the picture's number in kitty's protocol is in the characters."""
    arrival: str = ""
    """Sent once before the cells are."""
    overlay: str = ""
    """Sent each time that the cells have been, with the cursor at the first of them."""
    departure: str = ""
    """Sent when the picture is not needed any more."""


def draw_picture(picture: Picture, graphics: Graphics, cell_px: tuple[int, int]) -> Drawn:
    """Draw a picture as the terminal wants it; ``cell_px`` is the size of a character now.

    Raises:
        Exception: whatever the library raises.
    """
    if graphics.protocol == "kitty":
        from mtui.tui.kitty import draw_kitty

        return draw_kitty(picture)
    from mtui.tui.sixel import draw_sixel

    return draw_sixel(picture, cell_px)
