"""The two ways in which Warp lays out a project, and what a tilt series leaves in either."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtui.demo.design import SeriesDesign
from mtui.demo.images import Cast, render_tilt
from mtui.demo.tilt_files import tilt_names, write_movie_xml, write_series_xml, write_tomostar
from mtui.formats.files import make_folder
from mtui.formats.hashing import hash_series
from mtui.formats.mrc import write_mrc

THREADS = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie: ``processing`` has the source and the XML files, ``frames`` the processed movies."""

    processing: Path
    tomostar: Path
    frames: Path
    raw: Path
    data_directory: str
    """What the XML says about the folder of the ``.tomostar``."""
    movies: str
    """The processed movies as seen from the ``.tomostar``."""
    raw_from_frames: str
    """The raw movies as seen from the processed ones; empty where both are in one folder."""


def desktop_layout(folder: Path) -> Layout:
    """Everything in one folder, as Warp's own windows leave it."""
    return Layout(folder, folder, folder / "frames", folder / "frames", "", "frames", "")


def warptools_layout(folder: Path) -> Layout:
    """Separate folders, as WarpTools leaves them.

    Its paths are absolute. Here they are relative to the file they are in, so that the demo can be moved;
    M itself would take them from the folder in which it was started.
    """
    return Layout(
        folder / "warp_tiltseries",
        folder / "tomostar",
        folder / "warp_frameseries",
        folder / "frames",
        "../tomostar",
        "../warp_frameseries",
        "../frames",
    )


def write_series(layout: Layout, design: SeriesDesign, casts: tuple[Cast, ...], seed: list[int]) -> str:
    """Write metadata and images of one tilt series; its data hash.

    Of the raw movies only the first listed one is left, if any: M reads nothing but its header and its hash.
    """
    for folder in (layout.processing, layout.tomostar, layout.frames / "average", layout.raw):
        make_folder(folder)
    write_tomostar(layout.tomostar / f"{design.root}.tomostar", design, layout.movies)
    write_series_xml(layout.processing / f"{design.root}.xml", design, layout.data_directory, layout.movies)

    def write_tilt(tilt: int) -> Path:
        return _write_tilt(layout, design, casts, tilt, [*seed, tilt])

    # While one thread waits for the disk the other computes.
    with ThreadPoolExecutor(THREADS) as pool:
        averages = list(pool.map(write_tilt, range(design.count)))
    if not design.has_raw:
        return hash_series(design.root, averages[0])
    return hash_series(design.root, _write_raw(layout, design, np.random.default_rng([*seed, design.count])))


def _write_tilt(
    layout: Layout, design: SeriesDesign, casts: tuple[Cast, ...], tilt: int, seed: list[int]
) -> Path:
    """Write one tilt's average and, where raw movies lie elsewhere, the XML that says so; the path."""
    name = tilt_names(design)[tilt]
    average = layout.frames / "average" / f"{name}.mrc"
    write_mrc(average, render_tilt(design, casts, tilt, np.random.default_rng(seed)), design.average_angpix)
    if layout.raw_from_frames:
        write_movie_xml(layout.frames / f"{name}.xml", layout.raw_from_frames)
    return average


def _write_raw(layout: Layout, design: SeriesDesign, rng: np.random.Generator) -> Path:
    """A movie of one frame with single electrons, in place of the first tilt's."""
    width, height = design.raw_size_px
    path = layout.raw / f"{tilt_names(design)[0]}.mrc"
    write_mrc(path, rng.poisson(0.8, (1, height, width)).astype(np.float32), design.raw_angpix)
    return path
