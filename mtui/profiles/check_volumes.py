"""What tables say about volumes, and rules for tables with one row per image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mtui.errors import FormatError
from mtui.formats.mrc import read_header
from mtui.formats.star import StarTable
from mtui.profiles.check_images import Expected, Images
from mtui.profiles.check_report import Finding, bad_rows
from mtui.profiles.check_tables import as_numbers, check_columns
from mtui.profiles.exported import ExportedSet, whole_numbers
from mtui.profiles.raw import CTF_ENDING, CTF_ROWS
from mtui.profiles.warp_series import COLUMNS

ANG_PER_UM = 1e4


def volume_images(found: ExportedSet, base: Path) -> Images:
    """Volumes and 3D CTFs with the sizes that the optics, or else the first volume, give them."""
    particles = found.particles
    boxes, pixels = _sizes(found, base)
    images: dict[str, Expected] = {}
    for name, box, angpix in zip(particles.texts("rlnImageName").tolist(), boxes, pixels, strict=True):
        images[name] = Expected((box, box, box), angpix)
    if "rlnCtfImage" in particles.columns:
        for name, box, angpix in zip(particles.texts("rlnCtfImage").tolist(), boxes, pixels, strict=True):
            images[name] = Expected((box // 2 + 1, box, box), angpix)
    return images


def slice_images(table: StarTable, base: Path, angpix: list[float]) -> Images:
    """Stacks of a table with one row per slice: as deep as there are rows; their box is that of the first."""
    names = [text.rpartition("@")[2] for text in table.texts("rlnImageName").tolist()]
    depths, box = Counter(names), _box_of(base / names[0])
    return {
        name: Expected((box, box, depths[name]), pixel) for name, pixel in zip(names, angpix, strict=True)
    }


def check_classic(table: StarTable) -> Iterator[Finding]:
    """Rules for the classic image-series table."""
    if tuple(table.columns) != COLUMNS:
        yield Finding(
            "warning",
            "block data_",
            "the columns are not exactly Warp's twenty, so tomoDRGN will not recognise it",
        )
    yield from check_slices(table)
    scale = as_numbers(table.texts("rlnCtfScalefactor"))
    yield from bad_rows(
        "rlnCtfScalefactor", np.flatnonzero(np.abs(scale) > 1.0), "above 1, and tomoDRGN takes its arc cosine"
    )


def check_slices(table: StarTable) -> Iterator[Finding]:
    """The rows of a group stand together, and list the slices of one stack from 1 on."""
    groups = table.texts("rlnGroupName").tolist()
    starts = [row for row in range(len(groups)) if row == 0 or groups[row] != groups[row - 1]]
    counts = Counter(groups[row] for row in starts)
    yield from bad_rows(
        "rlnGroupName",
        [row for row in starts if counts[groups[row]] > 1],
        "rows of a group must stand together",
    )
    first = np.repeat(starts, np.diff([*starts, len(groups)]))
    wanted = np.arange(len(groups)) - first + 1
    cells = [text.partition("@") for text in table.texts("rlnImageName").tolist()]
    numbers = np.array([int(cell[0]) if cell[0].isdecimal() and cell[1] else 0 for cell in cells])
    yield from bad_rows(
        "rlnImageName",
        np.flatnonzero(numbers != wanted),
        "slices must be NNN@stack, counting from 1 in each group",
    )
    other = [row for row, start in enumerate(first.tolist()) if cells[row][2] != cells[start][2]]
    yield from bad_rows("rlnImageName", other, "a group must have one stack")


def check_raw(found: ExportedSet) -> Iterator[Finding]:
    """Every particle has its rows in the table of images."""
    images = found.companion(CTF_ENDING).get("images")
    if images is None:
        yield Finding("error", found.star.name, f"there is no table of images {found.star.stem}{CTF_ENDING}")
        return
    yield from check_columns(images, CTF_ROWS)
    if any(name not in images.columns for name in CTF_ROWS):
        return
    owners = set(images.texts("rlnTomoParticleName").tolist())
    names = found.particles.texts("rlnTomoParticleName").tolist()
    lost = [row for row, name in enumerate(names) if name not in owners]
    yield from bad_rows("block particles", lost, "no row in the table of images")
    if owners - set(names):
        yield Finding(
            "error", "block images", f"{len(owners - set(names)):,} particles are not in the particle table"
        )
    if any("@" in text for text in images.texts("rlnImageName").tolist()):
        yield from check_slices(images)


def _sizes(found: ExportedSet, base: Path) -> tuple[list[int], list[float]]:
    """Box and pixel size of every row."""
    particles = found.particles
    if "optics" in found.tables:
        optics = found.tables["optics"]
        group = np.clip(whole_numbers(particles, "rlnOpticsGroup") - 1, 0, len(optics) - 1)
        boxes = optics.numbers("rlnImageSize")[group].astype(int).tolist()
        return boxes, optics.numbers("rlnImagePixelSize")[group].tolist()
    box = _box_of(base / str(particles.texts("rlnImageName")[0]))
    return [box] * len(particles), table_pixels(particles)


def table_pixels(table: StarTable) -> list[float]:
    """Pixel size in Å of every row of a table without optics."""
    pixels = table.numbers("rlnDetectorPixelSize") * ANG_PER_UM / table.numbers("rlnMagnification")
    values: list[float] = pixels.tolist()
    return values


def _box_of(path: Path) -> int:
    try:
        return read_header(path).size_px[0]
    except FormatError:
        return 0
