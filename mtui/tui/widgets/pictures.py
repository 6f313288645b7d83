"""Grey pictures as lines of text: two pixels in a cell where there are colours, else characters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style

from mtui.tui.terminal import Terminal
from mtui.tui.widgets.lines import Line, Span

Grey = NDArray[np.floating]
"""Brightness 0 to 255, (rows, columns)."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A grey picture and the cells that it fills, of those of a widget."""

    column: int
    row: int
    columns: int
    rows: int
    grey: NDArray[np.uint8]
    """(rows, columns), the first row on top."""

    def looks_like(self, other: Picture) -> bool:
        """Whether it is the same picture in the same place."""
        place, others = ((one.column, one.row, one.columns, one.rows) for one in (self, other))
        return place == others and np.array_equal(self.grey, other.grey)


HALF_BLOCK = "▀"
ASCII_RAMP = " .:-=+*#%@"
SHADE_RAMP = " ░▒▓█"
_RAMP_START, _RAMP_STEPS = 232, 24
"""Of the 256 colours, the greys."""


def picture_lines(grey: Grey, columns: int, rows: int, terminal: Terminal) -> list[Line]:
    """A picture scaled to so many cells, each twice as high as wide."""
    if terminal.ascii_only:
        return _by_character(resample(grey, rows, columns), ASCII_RAMP)
    if terminal.plain:
        return _by_character(resample(grey, rows, columns), SHADE_RAMP)
    levels = _levels(resample(grey, 2 * rows, columns), _RAMP_STEPS)
    return [_half_blocks(levels[row], levels[row + 1]) for row in range(0, 2 * rows, 2)]


def resample(grey: Grey, rows: int, columns: int) -> NDArray[np.float64]:
    """A picture in another number of pixels: each is the mean of the area that it covers."""
    image = np.asarray(grey, np.float64)
    for axis, count in ((0, rows), (1, columns)):
        image = np.moveaxis(np.tensordot(_shares(image.shape[axis], count), image, (1, axis)), 0, axis)
    return image


@lru_cache(64)
def _shares(before: int, after: int) -> NDArray[np.float64]:
    """What each of the pixels before has in each pixel after, (after, before); rows sum to 1."""
    edges = np.arange(after + 1) * before / after
    pixels = np.arange(before)
    overlaps = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: NDArray[np.float64] = np.maximum(overlaps, 0) * (after / before)
    return shares


def _levels(image: NDArray[np.float64], steps: int) -> NDArray[np.int64]:
    return np.clip((image / 256 * steps).astype(np.int64), 0, steps - 1)


def _by_character(image: NDArray[np.float64], ramp: str) -> list[Line]:
    return [(("".join(ramp[level] for level in row), "plain"),) for row in _levels(image, len(ramp))]


def _half_blocks(upper: NDArray[np.int64], lower: NDArray[np.int64]) -> Line:
    """One line of cells; equal neighbours are one span, because every change of colour is bytes."""
    spans: list[Span] = []
    for (top, bottom), cells in groupby(zip(upper.tolist(), lower.tolist(), strict=True)):
        count = len(list(cells))
        spans.append(((" " if top == bottom else HALF_BLOCK) * count, _style(top, bottom)))
    return tuple(spans)


@lru_cache(_RAMP_STEPS**2)
def _style(top: int, bottom: int) -> Style:
    foreground, background = (Color.from_ansi(_RAMP_START + level) for level in (top, bottom))
    return Style(color=foreground, bgcolor=background)
