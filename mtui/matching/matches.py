"""The pairs of two particle sets as a STAR file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import InputError
from mtui.formats.star import StarTable, write_star
from mtui.formats.star_table import Column
from mtui.matching.intersect import Comparison
from mtui.matching.sets import within

BLOCK = "matches"


def write_matches(path: Path, comparison: Comparison, tolerance_ang: float) -> int:
    """Write one row per pair, within the tolerance or not, and return their number.

    Rows are counted from 1 in each table as it was read; positions are those of the first key frame in Å.

    Raises:
        InputError: another kind of file is there.
        WriteError: the file cannot be written.
    """
    _refuse_other(path)
    pairs = comparison.pairs
    old, new = comparison.old, comparison.new_particles
    columns: dict[str, Column] = {
        "wrpSourceName": old.source_name[pairs.old_index],
        "wrpSourceHash": old.source_hash[pairs.old_index],
        "mtuiOldParticle": _text(pairs.old_index + 1, "%d"),
        "mtuiNewParticle": _text(pairs.new_index + 1, "%d"),
        "mtuiDistanceAngst": _text(pairs.distance_ang, "%.5f"),
        "mtuiWithinTolerance": _text(within(pairs, tolerance_ang), "%d"),
    }
    for side, positions in (
        ("Old", old.positions_ang[pairs.old_index, 0]),
        ("New", new.positions_ang[pairs.new_index, 0]),
    ):
        for axis, name in enumerate("XYZ"):
            columns[f"mtui{side}Coordinate{name}Angst"] = _text(positions[:, axis], "%.5f")
    write_star(path, [StarTable(BLOCK, columns)])
    return len(pairs)


def _text(values: NDArray[np.generic], form: str) -> NDArray[np.str_]:
    return np.array([form % value for value in values.tolist()], np.str_)


def _refuse_other(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(200)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", "Choose another file.") from error
    if f"data_{BLOCK}".encode() not in start:
        raise InputError(
            f"{path} exists and is not a table of matches.",
            "Choose another file for --matches, or remove it.",
        )
