"""Values of a STAR file's rows, taken by hand where starfile would change them, and checked as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.star_blocks import Block
from mtui.formats.star_lines import Lines

_VALUE = re.compile(
    r"""(?:"(?P<double>.*?)"|'(?P<single>.*?)'|(?P<bare>[^\x00-\x20#"'][^\x00-\x20]*))(?=[\x00-\x20]|$)"""
    r"""|(?P<comment>\#.*)|(?P<odd>[^\x00-\x20]+)"""
)
_FIX_ROW = "Correct the row: values with blanks need quotes, and an empty value is written as null."


def row_values(text: str) -> list[str]:
    """Values of one row: separated by blanks, quoted ones with their blanks, comments left out."""
    values: list[str] = []
    for match in _VALUE.finditer(text):
        kind = match.lastgroup
        if kind == "comment":
            break
        values.append(match[kind] if kind else "")
    return values


def check_counts(lines: Lines, block: Block, counts: NDArray[np.int64]) -> None:
    """Refuse a table whose rows have more or fewer values than columns; names the first such line."""
    ragged = np.flatnonzero(counts != len(block.columns))
    if len(ragged):
        first = int(ragged[0])
        raise lines.error(
            int(block.rows[first]),
            f"the row has {counts[first]} values but the header of block {block.name!r} names "
            f"{len(block.columns)} columns",
            _FIX_ROW,
        )


def columns_by_hand(lines: Lines, block: Block) -> dict[str, list[str]]:
    """Texts of each column of a block, quotes and comments resolved.

    Raises:
        FormatError: a row with more or fewer values than columns, a list entry that is not a name and a
            value.
    """
    if block.is_list:
        return _list_values(lines, block)
    rows = list(_rows(lines, block))
    check_counts(lines, block, np.fromiter((len(row) for row in rows), np.int64, len(rows)))
    return {name: [row[i] for row in rows] for i, name in enumerate(block.columns)}


def to_numbers(lines: Lines, block: Block, column: str, texts: list[str]) -> NDArray[np.float64]:
    """Texts of one column as float64 ``(N,)``; ``nan`` and ``inf`` are numbers.

    Raises:
        FormatError: a cell is not a number, with its line, column and value.
    """
    try:
        # Python's own parser would accept an underscore between digits.
        if any("_" in text for text in texts):
            raise ValueError
        return np.array([float(text) for text in texts], np.float64)
    except ValueError:
        raise _cell_error(lines, block, column, texts) from None


def _cell_error(lines: Lines, block: Block, column: str, texts: list[str]) -> FormatError:
    place = next(i for i, text in enumerate(texts) if not _is_number(text))
    line = block.columns.index(column) if block.is_list else place
    text = texts[place]
    if _is_number(text.replace(",", ".", 1)):
        problem = f"{column} is {text!r}, a number with a decimal comma"
        return lines.error(int(block.rows[line]), problem, "Write numbers with a decimal point.")
    return lines.error(int(block.rows[line]), f"{column} is {text!r}, not a number", "Correct the cell.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _rows(lines: Lines, block: Block) -> Iterator[list[str]]:
    for start, end in zip(lines.starts[block.rows].tolist(), lines.ends[block.rows].tolist(), strict=True):
        yield row_values(lines.data[start:end].decode())


def _list_values(lines: Lines, block: Block) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for column, line in zip(block.columns, block.rows.tolist(), strict=True):
        found = row_values(lines.text(line))
        if len(found) != 2:
            raise lines.error(
                line, f"{column} has {len(found) - 1} values in a list block", "It must have exactly one."
            )
        values[column] = found[1:]
    return values
