"""Pictures in kitty's graphics protocol. Importing this imports textual-image."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from random import randrange

import numpy as np
from PIL import Image as PillowImage
from rich.console import Console

from mtui.tui.drawing import Drawn
from mtui.tui.widgets.pictures import Picture

FIRST_COLOUR = 16
"""Of the 256: those before it are the user's own."""


@contextmanager
def captured_output() -> Iterator[io.StringIO]:
    """What textual-image would write to the terminal past Textual, in the middle of what that is writing.

    At import it would ask the terminal, which is Textual's by then.
    """
    before = sys.__stdout__
    sys.__stdout__ = captured = io.StringIO()  # type: ignore[misc, assignment]
    try:
        yield captured
    finally:
        sys.__stdout__ = before  # type: ignore[misc]


with captured_output():
    from textual_image.renderable.tgp import Image


class _Image(Image):  # type: ignore[misc]
    """A picture that is sent as it is: the terminal makes it larger, at no bytes."""

    def _send_image_to_terminal(self, width: int, height: int) -> None:
        super()._send_image_to_terminal(self._image_data.width, self._image_data.height)


def _image_numbers() -> Iterator[int]:
    """Numbers of which the lower three bytes are one of 256 colours, the highest this process' own."""
    highest = randrange(1, 255) << 24
    return cycle(highest + colour for colour in range(FIRST_COLOUR, 256))


# The library's own numbers need 24 bits of colour, which Textual does not send to every such terminal.
Image._image_id_counter = _image_numbers()


def draw_kitty(picture: Picture) -> Drawn:
    """Draw a picture whose cells the terminal fills with it."""
    pixels = PillowImage.fromarray(np.ascontiguousarray(picture.grey))
    image = _Image(pixels, picture.columns, picture.rows)
    console = Console(file=io.StringIO(), width=max(1, picture.columns))
    with captured_output() as sent:
        cells = "".join(segment.text for segment in console.render(image)).splitlines()
    number: int = image.terminal_image_id
    # The library's own way to remove a picture removes others, and not its pixels.
    departure = f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"
    return Drawn(tuple(cells), number & 255, arrival=sent.getvalue(), departure=departure)
