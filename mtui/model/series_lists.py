"""The per-tilt lists of a tilt series' XML: one value per line."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.numbers import number_text, parse_bool, parse_float
from mtui.formats.xml import ensure_child
from mtui.geometry.arrays import ArrayEquality

T = TypeVar("T")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TiltLists(ArrayEquality):
    """What the XML lists for each tilt, in file order, each ``(T,)``."""

    angles_deg: Floats
    dose: Floats
    """Accumulated before the tilt, in electrons per square Å."""
    use_tilt: NDArray[np.bool_]
    axis_angle_deg: Floats
    axis_offset_x_ang: Floats
    axis_offset_y_ang: Floats
    movie_paths: tuple[str, ...]
    """Relative to the data directory; empty where the file lists none."""


def read_lists(path: Path, root: ET.Element) -> TiltLists | None:
    """The lists of a tilt series; None where no tilts are listed.

    Raises:
        FormatError: an entry that is not what it must be, or a list with another number of entries than
            Angles.
    """
    angles = _entries(path, root, "Angles", parse_float)
    movies = _entries(path, root, "MoviePath", str)
    # M writes one angle of 0 and one empty path for a series that was never initialised.
    if not angles or (len(angles) == 1 and not any(movies)):
        return None
    count = len(angles)
    return TiltLists(
        angles_deg=np.array(angles, np.float64),
        dose=_numbers(path, root, "Dose", count),
        use_tilt=np.array(
            _same_length(path, "UseTilt", _entries(path, root, "UseTilt", parse_bool), count)
            or [True] * count
        ),
        axis_angle_deg=_numbers(path, root, "AxisAngle", count),
        axis_offset_x_ang=_numbers(path, root, "AxisOffsetX", count),
        axis_offset_y_ang=_numbers(path, root, "AxisOffsetY", count),
        movie_paths=tuple(_same_length(path, "MoviePath", movies, count)),
    )


def write_lists(root: ET.Element, lists: TiltLists) -> None:
    """Set the text of the lists."""
    texts = {
        "Angles": _texts(lists.angles_deg),
        "Dose": _texts(lists.dose),
        "UseTilt": [str(bool(used)) for used in lists.use_tilt],
        "AxisAngle": _texts(lists.axis_angle_deg),
        "AxisOffsetX": _texts(lists.axis_offset_x_ang),
        "AxisOffsetY": _texts(lists.axis_offset_y_ang),
        "MoviePath": list(lists.movie_paths),
    }
    for name, entries in texts.items():
        if entries:
            ensure_child(root, name).text = "\n".join(entries)


def _numbers(path: Path, root: ET.Element, name: str, count: int) -> Floats:
    entries = _same_length(path, name, _entries(path, root, name, parse_float), count)
    return np.array(entries or [0.0] * count, np.float64)


def _entries(path: Path, root: ET.Element, name: str, parse: Callable[[str], T]) -> list[T]:
    """Parsed lines of one list; none where the element is missing or empty."""
    text = (root.findtext(name) or "").strip()
    entries = []
    for number, line in enumerate(text.split("\n") if text else (), start=1):
        try:
            entries.append(parse(line.strip()))
        except ValueError as error:
            raise FormatError(
                f"{path}: entry {number} of <{name}> is {line.strip()!r}: {error}.",
                "Correct the entry, or write the file again with Warp or M.",
            ) from error
    return entries


def _same_length(path: Path, name: str, entries: list[T], count: int) -> list[T]:
    if entries and len(entries) != count:
        raise FormatError(
            f"{path}: <{name}> has {len(entries)} entries, but <Angles> has {count}.",
            "Every list needs one entry per tilt: restore the file, or import the series again with Warp.",
        )
    return entries


def _texts(values: Floats) -> list[str]:
    return [number_text(value) for value in values.tolist()]
