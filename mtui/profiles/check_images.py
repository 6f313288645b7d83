"""Rules for the images that a table lists: they are there, and as large as the table says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtui.errors import FormatError
from mtui.formats.mrc import read_header, read_volume
from mtui.profiles.check_report import SHOWN, Finding

PIXEL_TOLERANCE = 1e-4
LONGEST_PATH = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What the tables say about a file."""

    size_px: tuple[int, int, int]
    """x, y, z."""
    angpix: float


Images = Mapping[str, Expected]
"""Path as the tables have it -> what is expected."""


def find_base(names: Sequence[str], candidates: Sequence[Path]) -> Path:
    """The first folder from which the paths lead to files; the first candidate where none does."""
    probes = list(names[:1]) + list(names[-1:])
    found = (folder for folder in candidates if any((folder / name).is_file() for name in probes))
    return next(found, candidates[0])


def check_names(names: Sequence[str]) -> Iterator[Finding]:
    """Paths that readers of STAR files cannot handle."""
    escaped = [name for name in names if "%20" in name or "\\" in name]
    if escaped:
        yield Finding(
            "error", escaped[0], "the path is escaped or has backslashes, which no reader takes back"
        )
    long = [name for name in names if len(name) > LONGEST_PATH]
    if long:
        yield Finding(
            "warning", long[0], f"the path has {len(long[0])} characters; some programs take {LONGEST_PATH}"
        )


def check_presence(images: Images, base: Path) -> Iterator[Finding]:
    """All files exist; each folder is listed once instead of asking for every file."""
    present: dict[str, set[str]] = {}
    missing = []
    for name in images:
        folder, _, file = name.rpartition("/")
        if folder not in present:
            place = base / folder
            present[folder] = {path.name for path in place.iterdir()} if place.is_dir() else set()
        if file not in present[folder]:
            missing.append(name)
    if missing:
        shown = ", ".join(missing[:SHOWN])
        yield Finding(
            "error",
            str(base),
            f"{len(missing):,} of {len(images):,} images do not exist from here: {shown}. If they were "
            "moved, repair the paths with mtui rebase",
        )


def check_files(images: Images, base: Path, *, deep: bool, sample: int | None) -> tuple[int, list[Finding]]:
    """Open the headers (with ``deep`` all data) of the files, or of a number of them spread evenly."""
    names = [name for name in images if (base / name).is_file()]
    if sample is not None and len(names) > sample:
        names = [names[place] for place in np.linspace(0, len(names) - 1, sample).astype(int).tolist()]
    findings: list[Finding] = []
    for name in names:
        findings += _check_file(name, base / name, images[name], deep=deep)
    return len(names), findings


def _check_file(name: str, path: Path, expected: Expected, *, deep: bool) -> Iterator[Finding]:
    try:
        header = read_header(path)
        if header.size_px != expected.size_px:
            yield Finding(
                "error", name, f"it has {_text(header.size_px)} px, the tables say {_text(expected.size_px)}"
            )
        if abs(header.angpix - expected.angpix) > PIXEL_TOLERANCE * expected.angpix:
            yield Finding(
                "error",
                name,
                f"its pixel size is {header.angpix:.5f} Å, the tables say {expected.angpix:.5f}",
            )
        if deep:
            yield from _check_data(name, path)
    except FormatError as error:
        yield Finding("error", name, error.message)


def _check_data(name: str, path: Path) -> Iterator[Finding]:
    data = read_volume(path)
    if not np.isfinite(data).all():
        yield Finding("error", name, f"{int(np.sum(~np.isfinite(data))):,} of its values are not finite")
    elif np.ptp(data) == 0.0:
        yield Finding("error", name, "all its values are the same")


def _text(size_px: tuple[int, int, int]) -> str:
    return " x ".join(str(edge) for edge in size_px)
