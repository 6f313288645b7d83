"""Tables as data frames, by starfile or by the parser that it rests on."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mtui.formats.star_blocks import Block
from mtui.formats.star_lines import Lines, rows_contain, token_counts
from mtui.formats.star_values import check_counts

if TYPE_CHECKING:
    import pandas as pd

_LARGE_ROWS = 50_000
"""Beyond that starfile's three passes in Python over every line cost seconds."""
_ODD_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)")
_CODING = re.compile(rb"[^\n]*(\n[^\n]*)?coding")


def read_frames(lines: Lines, blocks: list[Block], numeric: Callable[[str], bool]) -> dict[str, pd.DataFrame]:
    """Tables that a parser returns as they are, by block name; those missing here must be read by hand.

    Columns for which ``numeric`` is false are strings. Tables without rows, with quotes or comments in their
    rows, and those whose frame does not have the shape that was counted are left out.

    Raises:
        FormatError: a row with more or fewer values than columns.
    """
    loops = [block for block in blocks if not block.is_list and len(block.rows)]
    loops = [block for block in loops if not _contains_any(lines, [block], "#'\"")]
    for block in loops:
        check_counts(lines, block, token_counts(lines, block.rows))
    if _starfile_reads_it(lines, blocks):
        frames = _read_with_starfile(lines, blocks, numeric)
    else:
        frames = {block.name: _read_rows(lines, block, numeric) for block in loops}
    return {
        block.name: frames[block.name]
        for block in loops
        if frames[block.name].shape == (len(block.rows), len(block.columns))
    }


def _starfile_reads_it(lines: Lines, blocks: list[Block]) -> bool:
    """Whether starfile returns the text of a file as it is, and soon.

    It takes ``#`` within a value for a comment, turns ``'`` into ``"``, ends a header at a comment, ignores
    header numbers, fails at blocks without rows and at backslashes in lists, overwrites a column called
    ``name``, strips and splits at characters that are part of a value, and (through `linecache`) takes
    ``coding`` in the first lines for Python's.
    """
    if sum(len(block.rows) for block in blocks) > _LARGE_ROWS:
        return False
    if not all(len(block.rows) and block.plain_header and "name" not in block.columns for block in blocks):
        return False
    if not lines.data.isascii() or _ODD_CONTROL.search(lines.data) or _CODING.match(lines.data):
        return False
    return not _contains_any(lines, blocks, "#'\"\\")


def _contains_any(lines: Lines, blocks: list[Block], letters: str) -> bool:
    rows = np.concatenate([block.rows for block in blocks])
    return any(rows_contain(lines, rows, letter) for letter in letters)


def _read_with_starfile(
    lines: Lines, blocks: list[Block], numeric: Callable[[str], bool]
) -> dict[str, pd.DataFrame]:
    import starfile

    texts = {name for block in blocks for name in block.columns if not numeric(name)}
    read: dict[str, pd.DataFrame] = starfile.read(
        lines.path.absolute(), always_dict=True, parse_as_string=sorted(texts)
    )
    return read


def _read_rows(lines: Lines, block: Block, numeric: Callable[[str], bool]) -> pd.DataFrame:
    import csv

    import pandas as pd

    rows = lines.data[lines.starts[block.rows[0]] : lines.ends[block.rows[-1]]]
    return pd.read_csv(
        io.BytesIO(rows),
        sep=r"\s+",
        header=None,
        dtype={place: str for place, name in enumerate(block.columns) if not numeric(name)},
        comment="#",
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
        low_memory=False,
    )
