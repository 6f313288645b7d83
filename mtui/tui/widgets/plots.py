"""Plots as lines of text, drawn by plotext; imported, plotext with it, only when there is something to plot.

plotext 6 has one figure per process, stops at the terminal's size and paints a background unless told
otherwise; all of that stays in this module. Bars are drawn eight times as high as the space and folded into
blocks of an eighth, or drawn as they are where only 7-bit characters arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import plotext

from mtui.tui.widgets.lines import Line, Span, Tone

INSIDE, OUTSIDE = "#", "."
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_SHADE = "░"
_FOLD = 8
_QUARTERS = "▚"
_TICKS = (1.0, 0.5, 0.143, 0.0)
_TICK_COLUMNS = 6
BAR_WIDTH = 0.9
"""Of a column, while plotext counts in smallest distances of bars; at 1 it fills the next column as well."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A histogram with one bin per column, from 0 to the largest distance shown."""

    counts: Sequence[int]
    largest_ang: float
    tolerance_ang: float

    @property
    def tolerance_column(self) -> int:
        """The last column that is inside; at most the last of all."""
        if self.tolerance_ang >= self.largest_ang:
            return len(self.counts) - 1
        return int(self.tolerance_ang / self.largest_ang * len(self.counts))


def histogram_lines(bars: Bars, rows: int, *, ascii_only: bool) -> list[Line]:
    """Bars inside and outside the tolerance, told apart by glyph as well as by tone, and the axis."""
    drawn = _draw_bars(bars, rows if ascii_only else rows * _FOLD)
    folded = drawn if ascii_only else [_fold(drawn[top : top + _FOLD]) for top in range(0, len(drawn), _FOLD)]
    return [*(_line(text, bars, ascii_only) for text in folded), _axis(bars)]


def _draw_bars(bars: Bars, rows: int) -> list[str]:
    outside = bars.tolerance_column + 1
    drawn = _draw_columns(tuple(bars.counts), rows)
    return [row[:outside] + row[outside:].replace(INSIDE, OUTSIDE) for row in drawn]


@lru_cache(maxsize=2)
def _draw_columns(counts: tuple[int, ...], rows: int) -> tuple[str, ...]:
    """All bars alike; kept, since most keys move the tolerance and leave the bars as they are."""
    figure = _clean_figure(len(counts), rows)
    filled = [column for column, count in enumerate(counts) if count]
    if filled:
        heights = [counts[column] for column in filled]
        spacing = min((after - before for before, after in pairwise(filled)), default=1)
        figure.draw(figure.bar(filled, heights, marker=INSIDE, width=BAR_WIDTH / spacing, lines=False))
    _set_axis(figure, "x", -0.5, len(counts) - 0.5)
    _set_axis(figure, "y", 0, max(1, *counts))
    text = plotext.uncolorize(figure.build().string())
    return tuple(row.ljust(len(counts)) for row in text.split("\n")[:rows])


def _clean_figure(columns: int, rows: int) -> Any:
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.canvas("default")
    figure.plot_size(columns, rows)
    figure.axes(False)
    figure.legend(False)
    return figure


def _set_axis(figure: Any, axis: str, lower: float, upper: float) -> None:
    ruler = figure.ruler(axis)
    ruler.lim(lower, upper)
    ruler.ticks([])
    ruler.alignment(lim="edge")


def _fold(rows: Sequence[str]) -> str:
    """Eight rows of cells into one of eighth blocks; outside the tolerance, a shade of any height."""
    cells = []
    for column in zip(*rows, strict=True):
        cells.append(_SHADE if OUTSIDE in column else _EIGHTHS[column.count(INSIDE)])
    return "".join(cells)


def _line(text: str, bars: Bars, ascii_only: bool) -> Line:
    """One row, with the tolerance as a bar across the whole height."""
    column = bars.tolerance_column
    if bars.tolerance_ang >= bars.largest_ang:
        return ((text, "both"),)
    spans: tuple[tuple[str, Tone], ...] = (
        (text[:column], "both"),
        ("|" if ascii_only else "│", "strong"),
        (text[column + 1 :], "outside"),
    )
    return spans


def _axis(bars: Bars) -> Line:
    """Zero, the tolerance under its bar, and the largest distance."""
    columns = len(bars.counts)
    right = f"{bars.largest_ang:.1f} Å"
    mark = f"^{bars.tolerance_ang:g} Å"
    cells = list("0 Å".ljust(columns - len(right)) + right)
    start = min(bars.tolerance_column, columns - len(mark))
    spans: list[Span] = [("".join(cells), "quiet")]
    if bars.tolerance_ang < bars.largest_ang and 4 <= start < columns - len(right) - len(mark):
        spans = [
            ("".join(cells[:start]), "quiet"),
            (mark, "strong"),
            ("".join(cells[start + len(mark) :]), "quiet"),
        ]
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class Curve:
    """Correlation per shell, drawn in a tone."""

    values: Sequence[float]
    tone: Tone
    marker: str
    """The character it is drawn with; ``▚`` stands for quarters of a cell."""


def curve_lines(
    curves: Sequence[Curve], size: tuple[int, int], box_ang: float, ascii_only: bool
) -> list[Line]:
    """Correlation curves over resolution, the first in front; ``size`` is columns and rows with the axes."""
    columns, rows = size[0] - _TICK_COLUMNS, size[1] - 1
    drawn = [(_draw_curve(curve, columns, rows), curve.tone) for curve in curves]
    ticks = {round((1 - tick) * (rows - 1)): f"{tick:g}" for tick in _TICKS}
    lines: list[Line] = []
    for row in range(rows):
        tick = ticks.get(row, "")
        ground = ("." if ascii_only else "┈") if tick == f"{_TICKS[2]:g}" else " "
        cells = [
            _front(((text[row][column], tone) for text, tone in drawn), ground) for column in range(columns)
        ]
        lines.append(
            ((f"{tick:>{_TICK_COLUMNS - 1}}", "quiet"), ("|" if ascii_only else "│", "quiet"), *cells)
        )
    return [*map(_joined, lines), _resolution_axis(columns, box_ang / (len(curves[0].values) - 1))]


def _draw_curve(curve: Curve, columns: int, rows: int) -> list[str]:
    figure = _clean_figure(columns, rows)
    values = list(curve.values)
    marker = "hd" if curve.marker == _QUARTERS else curve.marker
    signal = figure.signal(list(range(len(values))), values, marker=marker)
    signal.lines(True)
    figure.draw(signal)
    _set_axis(figure, "x", 0, len(values) - 1)
    _set_axis(figure, "y", 0, 1)
    text = plotext.uncolorize(figure.build().string())
    return [row.ljust(columns) for row in text.split("\n")[:rows]]


def _front(cells: Iterable[tuple[str, Tone]], ground: str) -> Span:
    """What stands in a cell: the first curve that passes through it, else what is behind."""
    return next(((glyph, tone) for glyph, tone in cells if glyph != " "), (ground, "quiet"))


def _joined(cells: Line) -> Line:
    """Neighbours of one tone as one span."""
    groups = groupby(cells, key=itemgetter(1))
    return tuple(("".join(text for text, _ in group), tone) for tone, group in groups)


def _resolution_axis(columns: int, nyquist_ang: float) -> Line:
    """Resolutions in Å under the curve: four, two and one times the finest, which is at the right."""
    cells = [" "] * (columns + _TICK_COLUMNS)
    for share in (0.25, 0.5, 1.0):
        text = f"{nyquist_ang / share:.1f} Å"
        start = min(_TICK_COLUMNS + round(share * columns) - len(text) // 2, len(cells) - len(text))
        cells[start : start + len(text)] = text
    return (("".join(cells), "quiet"),)
