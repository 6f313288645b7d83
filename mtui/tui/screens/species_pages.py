"""The pages of a species' details: what it is, its resolution, its particles, its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtui.model.species import Species
from mtui.tui.screens.species_view import resolution_text
from mtui.tui.terminal import Terminal
from mtui.tui.text import fit_left, wrap
from mtui.tui.views import Kind, MapSlices, PosesView, ResolutionView, SlicesView, View
from mtui.tui.widgets.lines import Line, line
from mtui.tui.widgets.pictures import Picture, picture_lines

LARGEST_PLOT = (100, 24)
THREE_PLANES_FROM_PX = 24
"""Three slices side by side when each is at least so wide, else two larger ones."""
GAP = 2
_SERIES_COLUMNS = 14
_COUNT_COLUMNS = 13


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its title and what it asks the child process for; nothing for the first."""

    title: str
    kind: Kind | None = None


PAGES = (
    Page("About"),
    Page("Resolution", "resolution"),
    Page("Particles", "poses"),
    Page("Map and mask", "slices"),
)


@dataclass(frozen=True, slots=True)
class Canvas:
    """The room there is, and the terminal that shows it."""

    columns: int
    rows: int
    terminal: Terminal


def files_of(species: Species, kind: Kind) -> list[Path]:
    """The files that a page depends on."""
    if kind == "poses":
        return [species.particles_path]
    kinds = ("half1", "half2", "mask") if kind == "resolution" else ("filtsharp", "filt", "half1", "mask")
    return [species.path, *(species.map_path(name) for name in kinds)]


def heading_line(name: str, page: int, width: int) -> Line:
    """The species' name, the page's title, and how to turn the page."""
    right = f"{PAGES[page].title} {page + 1}/{len(PAGES)}"
    return ((fit_left(name, width - len(right) - 1), "strong"), (f" {right}", "quiet"))


def view_lines(species: Species, view: View | str, canvas: Canvas) -> list[Line]:
    """The lines of a page below its heading; ``view`` is a text while or where there is none."""
    if isinstance(view, str):
        return [line(text, "quiet") for text in wrap(view, canvas.columns)]
    if isinstance(view, ResolutionView):
        return _resolution_lines(species, view, canvas)
    if isinstance(view, PosesView):
        return _poses_lines(view, canvas)
    return slices_lines(view, canvas)


def _resolution_lines(species: Species, view: ResolutionView, canvas: Canvas) -> list[Line]:
    from mtui.tui.widgets.plots import Curve, curve_lines

    nyquist = view.box_ang / (len(view.unmasked) - 1)
    words = [
        ("FSC 0.143", f"{view.resolution_ang:.1f} Å{_limit(view.resolution_ang, nyquist)}"),
        ("FSC 0.5", f"{view.half_ang:.1f} Å{_limit(view.half_ang, nyquist)}"),
        ("M's value", f"{resolution_text(species)} Å"),
    ]
    lines: list[Line] = [((f"{label:<13}", "quiet"), (text, "plain")) for label, text in words]
    unmasked = Curve(view.unmasked, "quiet", "o")
    if view.corrected is None:
        curves, legend = [unmasked], line("o there is no mask", "quiet")
    else:
        block = "*" if canvas.terminal.ascii_only else "▚"
        curves = [Curve(view.corrected, "both", block), unmasked]
        legend = ((f"{block} in the mask, corrected", "both"), ("  o no mask", "quiet"))
    size = (min(canvas.columns, LARGEST_PLOT[0]), min(canvas.rows - 5, LARGEST_PLOT[1]))
    plot = curve_lines(curves, size, view.box_ang, canvas.terminal.ascii_only)
    return [*lines, line(), *plot, legend]


def _limit(found_ang: float, nyquist_ang: float) -> str:
    """That a curve never falls so low: the pixel size is the limit."""
    return " (Nyquist)" if found_ang <= nyquist_ang * 1.001 else ""


def _poses_lines(view: PosesView, canvas: Canvas) -> list[Line]:
    first = sum(entry[1] for entry in view.series)
    second = sum(entry[2] for entry in view.series)
    total = max(1, first + second)
    lines: list[Line] = [
        (("Half-sets    ", "quiet"), (f"{first:,} / {second:,}   {first / total:.1%} in 1", "plain")),
        line(),
        (("Tilt series  ", "quiet"), (f"{len(view.series):,}, half-sets 1 + 2", "plain")),
    ]
    room = max(3, (canvas.rows - 6) // 2)
    lines += _series_lines(view.series, room, canvas)
    lines += [line(), line("Viewing directions (tilt 0 on top)", "quiet")]
    rows = max(3, min(canvas.rows - len(lines) - 1, canvas.columns // 4))
    brightest = max(1, int(view.directions.max()))
    lines += picture_lines(view.directions * (255 / brightest), canvas.columns, rows, canvas.terminal)
    return [*lines, line(f"-180{'rot in degrees':^{canvas.columns - 7}}180", "quiet")]


def _series_lines(series: Sequence[tuple[str, int, int]], room: int, canvas: Canvas) -> list[Line]:
    """Bars of particles per series, as many as there is room for, and what the others have."""
    shown = series if len(series) <= room else series[: room - 1]
    most = max((first + second for _, first, second in series), default=1)
    width = canvas.columns - _SERIES_COLUMNS - _COUNT_COLUMNS - 1
    lines: list[Line] = []
    for name, first, second in shown:
        counts = f"{first:,} + {second:,}"
        bar = ("#" if canvas.terminal.ascii_only else "█") * round(width * (first + second) / most)
        label = fit_left(name, _SERIES_COLUMNS)
        lines.append(((label, "plain"), (f"{counts:>{_COUNT_COLUMNS}} ", "plain"), (bar, "both")))
    others = [first + second for _, first, second in series[len(shown) :]]
    if others:
        lines.append(line(f"and {len(others):,} more with {min(others):,} to {max(others):,} each", "quiet"))
    return lines


def slices_lines(view: SlicesView, canvas: Canvas) -> list[Line]:
    """Slices of each map side by side under its name, as large as fits."""
    planes, edge = _plane_size(canvas.columns, _rows_each(view, canvas))
    names = ", ".join(("xy", "xz", "yz")[:planes])
    lines: list[Line] = []
    for entry in view.maps:
        lines.append(((entry.label, "plain"), (f"  central {names}", "quiet")))
        lines += _side_by_side(entry, planes, edge, canvas.terminal)
    return lines


def slices_pictures(view: SlicesView, canvas: Canvas, top: int = 0) -> list[Picture]:
    """The slices at the places that they have in ``slices_lines``, of which the first is the row ``top``."""
    planes, edge = _plane_size(canvas.columns, _rows_each(view, canvas))
    pictures = []
    for number, entry in enumerate(view.maps):
        row = top + 1 + number * (1 + edge // 2)
        for index, plane in enumerate(entry.planes[:planes]):
            pictures.append(Picture(index * (edge + GAP), row, edge, edge // 2, np.flipud(plane)))
    return pictures


def _rows_each(view: SlicesView, canvas: Canvas) -> int:
    """The rows that there are for the slices of each map, below its name."""
    return (canvas.rows - len(view.maps)) // len(view.maps)


def _plane_size(columns: int, rows: int) -> tuple[int, int]:
    """How many slices, and the edge of each in pixels: even, since a cell shows two above each other."""
    edges = {count: min((columns - GAP * (count - 1)) // count, 2 * rows) // 2 * 2 for count in (3, 2)}
    count = 3 if edges[3] >= min(THREE_PLANES_FROM_PX, edges[2]) else 2
    return count, max(2, edges[count])


def _side_by_side(entry: MapSlices, planes: int, edge: int, terminal: Terminal) -> list[Line]:
    pictures = [
        # In files the first row is the lowest y or z; pictures of maps have it at the bottom.
        picture_lines(np.flipud(plane), edge, edge // 2, terminal)
        for plane in entry.planes[:planes]
    ]
    gap = ((" " * GAP, "plain"),)
    return [
        tuple(span for index, part in enumerate(parts) for span in ((*gap, *part) if index else part))
        for parts in zip(*pictures, strict=True)
    ]
