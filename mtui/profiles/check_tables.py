"""Rules that hold for every exported table: columns, numbers, half-sets, names, optics groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mtui.formats.star import StarTable
from mtui.profiles.check_report import Finding, bad_rows

LARGEST_ANGLE_DEG = 360.0
MANY_ROWS = 100
_NUMERIC_TEXT = (
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnPhaseShift",
    "rlnCtfBfactor",
    "rlnCtfScalefactor",
)


def check_columns(table: StarTable, required: Sequence[str]) -> Iterator[Finding]:
    """Every column of the profile is there."""
    missing = [name for name in required if name not in table.columns]
    if missing:
        yield Finding(
            "error", f"block {table.name or 'data_'}", f"the columns {', '.join(missing)} are missing"
        )


def check_cells(table: StarTable) -> Iterator[Finding]:
    """Numbers are finite, angles are degrees, half-sets are 1 or 2 in all rows."""
    where = f"block {table.name or 'data_'}"
    for name, values in table.columns.items():
        numbers = values if values.dtype.kind == "f" else None
        if name in _NUMERIC_TEXT:
            numbers = as_numbers(table.texts(name))
        if numbers is not None:
            wrong = np.flatnonzero(~np.isfinite(numbers.astype(np.float64)))
            yield from bad_rows(f"{where}, {name}", wrong, "not a finite number")
    yield from _check_angles(table, where)
    if "rlnRandomSubset" in table.columns:
        wrong = np.flatnonzero(~np.isin(table.numbers("rlnRandomSubset"), (1.0, 2.0)))
        yield from bad_rows(f"{where}, rlnRandomSubset", wrong, "half-sets must be 1 or 2 in all rows")


def _check_angles(table: StarTable, where: str) -> Iterator[Finding]:
    names = [f"rlnAngle{name}" for name in ("Rot", "Tilt", "Psi") if f"rlnAngle{name}" in table.columns]
    if not names or not len(table):
        return
    angles = np.abs(np.stack([table.numbers(name) for name in names], axis=1))
    wrong = np.flatnonzero((angles > LARGEST_ANGLE_DEG).any(axis=1))
    yield from bad_rows(
        where, wrong, "an Euler angle is above 360 degrees; was it converted to degrees twice?"
    )
    if len(table) > MANY_ROWS and 0.0 < angles.max() <= 2 * np.pi:
        yield Finding("warning", where, "all Euler angles are below 2 pi; are they radians?")


def check_unique(table: StarTable, column: str) -> Iterator[Finding]:
    """No value occurs twice."""
    if column not in table.columns:
        return
    texts = table.texts(column).tolist()
    counts = Counter(texts)
    wrong = [row for row, text in enumerate(texts) if counts[text] > 1]
    yield from bad_rows(
        f"block {table.name or 'data_'}, {column}", wrong, "the same value occurs more than once"
    )


def check_optics(optics: StarTable, particles: StarTable) -> Iterator[Finding]:
    """Groups are numbered from 1 in the order of their rows, and each has particles."""
    ids = optics.texts("rlnOpticsGroup").tolist()
    if ids != [str(number) for number in range(1, len(ids) + 1)]:
        yield Finding(
            "error",
            "block optics",
            f"groups must be numbered 1 to {len(ids)} in order, not {', '.join(ids[:9])}",
        )
    used = set(particles.texts("rlnOpticsGroup").tolist())
    for group in sorted(set(ids) - used):
        yield Finding(
            "error", "block optics", f"optics group {group} has no particles; RELION may crash on it"
        )
    for group in sorted(used - set(ids)):
        yield Finding(
            "error", "block particles", f"particles are in optics group {group}, which is not listed"
        )


def check_centred(optics: StarTable, particles: StarTable) -> Iterator[Finding]:
    """Positions from the corner and from the centre say the same: they differ by half of the tomogram."""
    corner, centred = (
        [form.format(axis) for axis in "XYZ"] for form in ("rlnCoordinate{}", "rlnCenteredCoordinate{}Angst")
    )
    pixel = "rlnTomoTiltSeriesPixelSize"
    if not {*corner, *centred, "rlnTomoName"} <= set(particles.columns) or pixel not in optics.columns:
        return
    group = np.clip(as_numbers(particles.texts("rlnOpticsGroup")).astype(int) - 1, 0, len(optics) - 1)
    angpix = optics.numbers(pixel)[group, None]
    ours, theirs = (
        np.stack([particles.numbers(name) for name in names], axis=1) for names in (corner, centred)
    )
    half_size = ours * angpix - theirs
    _, first, tomogram = np.unique(particles.texts("rlnTomoName"), return_index=True, return_inverse=True)
    wrong = np.flatnonzero((np.abs(half_size - half_size[first[tomogram]]) > angpix).any(axis=1))
    yield from bad_rows(
        "block particles",
        wrong,
        "rlnCoordinate* and rlnCenteredCoordinate* are of different places; RELION 5 takes the centred ones",
    )


def as_numbers(texts: NDArray[np.str_]) -> NDArray[np.float64]:
    """Texts as numbers, NaN where one is none."""
    try:
        return texts.astype(np.float64)
    except ValueError:
        return np.array([_number(text) for text in texts.tolist()])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
