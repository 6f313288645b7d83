"""Read an exported set as its consumers would, and say what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mtui.profiles import coordinates, relion3, relion5, relion31, warp_series
from mtui.profiles.check_images import Images, check_files, check_names, check_presence, find_base
from mtui.profiles.check_relion5 import check_relion5, stack_images
from mtui.profiles.check_report import CheckReport, Finding
from mtui.profiles.check_tables import (
    check_cells,
    check_centred,
    check_columns,
    check_optics,
    check_unique,
)
from mtui.profiles.check_volumes import (
    check_classic,
    check_raw,
    slice_images,
    table_pixels,
    volume_images,
)
from mtui.profiles.exported import ExportedSet, read_exported
from mtui.profiles.raw import CTF_ENDING
from mtui.profiles.raw import ROWS as RAW_ROWS

REQUIRED = {
    "relion3": relion3.COLUMNS,
    "relion31": relion31.PARTICLES,
    "relion5": relion5.PARTICLES,
    "warp-series": warp_series.COLUMNS,
    "coordinates": coordinates.PARTICLES,
    "raw": RAW_ROWS,
}
OPTICS = {
    "relion31": relion31.OPTICS,
    "relion5": relion5.OPTICS,
    "coordinates": coordinates.OPTICS,
    "raw": relion31.OPTICS,
}


def check_set(
    star: Path, base: Path | None = None, *, deep: bool = False, sample: int | None = None
) -> CheckReport:
    """Check the tables of an exported set, and the headers (with ``deep`` the data) of its images.

    Parameters
    ----------
    star
        The particle table or the optimisation set.
    base
        Folder that the paths in the tables start from; where it is not given, the STAR file's, the working
        directory and the folders above the STAR file are tried.
    sample
        Open only this many images, spread evenly; all must exist in any case.

    Raises:
        FormatError: a file is no STAR file.
        InputError: the tables are none that mtui exports.
    """
    found = read_exported(star)
    names = found.image_names
    place = base or find_base(names, (found.star.parent, Path.cwd(), *found.star.parents))
    findings = list(_check_shape(found))
    opened = 0
    if not any(finding.severity == "error" for finding in findings):
        findings += _check_tables(found, place)
        images, more = _images(found, place)
        findings += [*more, *check_names(names), *check_presence(images, place)]
        opened, more = check_files(images, place, deep=deep, sample=sample)
        findings += more
    return CheckReport(found.star, found.profile, place, len(found.particles), opened, tuple(findings))


def _check_shape(found: ExportedSet) -> Iterator[Finding]:
    """What must be there before anything else can be looked at."""
    yield from check_columns(found.particles, REQUIRED[found.profile])
    if found.profile in OPTICS and "optics" not in found.tables:
        yield Finding("error", found.star.name, "there is no block optics")
    elif found.profile in OPTICS:
        yield from check_columns(found.tables["optics"], OPTICS[found.profile])
    if not len(found.particles):
        yield Finding("error", found.star.name, "the table has no rows")


def _check_tables(found: ExportedSet, base: Path) -> Iterator[Finding]:
    for table in found.tables.values():
        yield from check_cells(table)
    if "optics" in found.tables:
        yield from check_optics(found.tables["optics"], found.particles)
        yield from check_centred(found.tables["optics"], found.particles)
    if found.profile == "warp-series":
        yield from check_classic(found.particles)
    elif found.profile == "relion5":
        yield from check_relion5(found, base)
    else:
        for column in ("rlnTomoParticleName", "rlnImageName", "rlnCtfImage"):
            yield from check_unique(found.particles, column)
    if found.profile == "raw":
        yield from check_raw(found)


def _images(found: ExportedSet, base: Path) -> tuple[Images, list[Finding]]:
    """What each image should be like."""
    if found.profile == "coordinates":
        return {}, []
    if found.profile == "relion5":
        return stack_images(found, base)
    if found.profile == "warp-series":
        return slice_images(found.particles, base, table_pixels(found.particles)), []
    images = found.companion(CTF_ENDING).get("images")
    if found.profile == "raw" and images is not None and "@" in str(images.texts("rlnImageName")[0]):
        angpix = float(found.tables["optics"].numbers("rlnImagePixelSize")[0])
        return slice_images(images, base, [angpix] * len(images)), []
    return volume_images(found, base), []
