"""STAR files: tables by exact block name, checked line by line before they are parsed; counting rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mtui.errors import FormatError
from mtui.formats.star_blocks import Block, find_blocks
from mtui.formats.star_frames import read_frames
from mtui.formats.star_lines import Lines, read_lines
from mtui.formats.star_table import Column, StarTable
from mtui.formats.star_values import columns_by_hand, to_numbers
from mtui.formats.star_writer import write_star

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StarTable", "count_rows", "is_numeric_column", "read_star", "write_star"]

_NUMERIC = re.compile(
    r"wrp(Coordinate[XYZ]\d*|Angle(Rot|Tilt|Psi)\d*|RandomSubset|AxisAngle|AxisOffset[XY]|Dose)"
    r"|rln(Centered)?Coordinate[XYZ](Angst)?|rln(Tomo)?(Subtomogram)?(Angle)?(Rot|Tilt|Psi)(Prior)?"
    r"|rlnOrigin[XYZ](Angst)?|rln\w*PixelSize|rlnMagnification|rlnRandomSubset|rlnVoltage"
    r"|rlnSphericalAberration|rlnAmplitudeContrast|rln\w*Binning|rlnImageSize|rlnTomoSize[XYZ]|rlnTomoHand"
)


def is_numeric_column(name: str) -> bool:
    """Whether a column is one whose meaning is a number that mtui uses; all others are kept as text."""
    return _NUMERIC.fullmatch(name) is not None


def read_star(path: Path, numeric: Callable[[str], bool] = is_numeric_column) -> dict[str, StarTable]:
    """All blocks of a STAR file by exact name.

    Comments, blank lines, quotes, CRLF line ends, a byte order mark, lists and empty loops are accepted.
    Columns for which ``numeric`` is false are returned as the text in the file, so that ``0012`` or
    ``1234e567`` stay what they are. Columns are in the order of the rows' values.

    Raises:
        FormatError: with file, line, column and value: not a STAR file, a row with too many or too few
            values, a column that occurs twice, header numbers that are not 1 to n, a cell that is not a
            number, a decimal comma.
    """
    lines = read_lines(path)
    blocks = find_blocks(lines)
    lists = {block.name: _by_hand(lines, block, numeric) for block in blocks if block.is_list}
    frames = read_frames(lines, blocks, numeric)
    tables: dict[str, StarTable] = {}
    for block in blocks:
        if block.name in frames:
            columns = _from_frame(lines, block, frames[block.name], numeric)
        else:
            columns = lists[block.name] if block.is_list else _by_hand(lines, block, numeric)
        tables[block.name] = StarTable(block.name, columns, block.is_list, block.rows + 1)
    return tables


def count_rows(path: Path, block: str | None = None) -> int:
    """Number of rows of a table without parsing it; of the first table where no block is named.

    Raises:
        FormatError: not a STAR file, or it has no such table.
    """
    tables = [entry for entry in find_blocks(read_lines(path)) if not entry.is_list]
    found = [entry for entry in tables if block is None or entry.name == block]
    if not found:
        wanted = "table" if block is None else f"table named {block!r}"
        raise FormatError(f"{path} has no {wanted}.", "Choose a file that holds a particle table.")
    return len(found[0].rows)


def _from_frame(
    lines: Lines, block: Block, frame: pd.DataFrame, numeric: Callable[[str], bool]
) -> dict[str, Column]:
    """Columns of a frame where it can be trusted; by hand where it guessed or has holes."""
    columns: dict[str, Column] = {}
    by_hand: dict[str, list[str]] = {}
    for place, name in enumerate(block.columns):
        values = frame.iloc[:, place]
        if numeric(name) == (values.dtype.kind in "iuf") and not values.isna().any():
            columns[name] = _array(values)
        else:
            by_hand = by_hand or columns_by_hand(lines, block)
            columns[name] = _column(lines, block, name, by_hand[name], numeric)
    return columns


def _array(values: pd.Series[float] | pd.Series[str]) -> Column:
    if values.dtype.kind in "iuf":
        return np.asarray(values.to_numpy(), np.float64)
    return np.asarray(values.to_numpy(np.object_), np.str_)


def _by_hand(lines: Lines, block: Block, numeric: Callable[[str], bool]) -> dict[str, Column]:
    texts = columns_by_hand(lines, block)
    return {name: _column(lines, block, name, texts[name], numeric) for name in block.columns}


def _column(
    lines: Lines, block: Block, name: str, texts: list[str], numeric: Callable[[str], bool]
) -> Column:
    return to_numbers(lines, block, name, texts) if numeric(name) else np.array(texts, np.str_)
