"""Pictures as sixels. Importing this imports textual-image."""

from __future__ import annotations

import numpy as np
from PIL import Image
from textual_image._sixel import image_to_sixels

from mtui.tui.drawing import Drawn
from mtui.tui.widgets.pictures import Picture

LEVELS = 64
"""Of grey: more are not seen, and each is bytes."""


def draw_sixel(picture: Picture, cell_px: tuple[int, int]) -> Drawn:
    """Draw a picture of just the pixels that its cells have.

    Raises:
        ValueError: the size of a cell is not known.
    """
    width, height = picture.columns * cell_px[0], picture.rows * cell_px[1]
    image = Image.fromarray(np.ascontiguousarray(picture.grey))
    # Pixels stay squares, as in kitty: a smooth picture is several times the bytes.
    image = image.resize((width, height), Image.Resampling.BOX)
    levels = np.asarray(image, np.uint16) * LEVELS // 256
    grey = (levels * 255 // (LEVELS - 1)).astype(np.uint8)
    cells = (" " * picture.columns,) * picture.rows
    return Drawn(cells, overlay=image_to_sixels(Image.fromarray(grey)))
