"""The blocks of a STAR file: names, headers, which lines are rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.star_lines import NOT_STAR, Kind, Lines


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One ``data_`` block: its columns in the order of the rows' values, and the lines of its rows.

    A list block (``_name value`` lines without ``loop_``) has one row that consists of all its lines.
    """

    name: str
    columns: tuple[str, ...]
    rows: NDArray[np.int64] = field(repr=False)
    is_list: bool
    plain_header: bool
    """Column names on successive lines in the order of the values."""


def find_blocks(lines: Lines) -> list[Block]:
    """Blocks of a STAR file in file order.

    Raises:
        FormatError: no ``data_`` block, two of one name, values outside of a block or without a header, a
            column that occurs twice, header numbers that are not 1 to n, or a block mixing loops and lists.
    """
    marks = np.flatnonzero(lines.kinds == Kind.BLOCK)
    before = lines.kinds[: marks[0] if len(marks) else None]
    stray = np.flatnonzero(before >= Kind.NAME)
    if len(stray):
        shown = lines.text(int(stray[0]))[:40]
        raise lines.error(int(stray[0]), f"{shown!r} stands outside of any data_ block", NOT_STAR)
    if not len(marks):
        raise FormatError(f"{lines.path} has no data_ block.", NOT_STAR)
    blocks: dict[str, Block] = {}
    for start, end in zip(marks, [*marks[1:], len(lines.kinds)], strict=True):
        block = _block(lines, int(start), int(end))
        if block.name in blocks:
            raise lines.error(
                int(start),
                f"a second block is named {block.name!r}",
                "Rename or remove one of the two blocks.",
            )
        blocks[block.name] = block
    return list(blocks.values())


def _block(lines: Lines, start: int, end: int) -> Block:
    name = lines.text(start).split("#")[0].removeprefix("data_").strip()
    if len(name.split()) > 1:
        raise lines.error(
            start, f"the block name {name!r} contains a blank", "Put the values on their own lines."
        )
    kinds = lines.kinds[start + 1 : end]
    loops = np.flatnonzero(kinds == Kind.LOOP) + start + 1
    if not len(loops):
        return _list_block(lines, name, start, end)
    used = np.flatnonzero(lines.kinds[start + 1 : loops[0]] >= Kind.NAME)
    if len(loops) > 1 or len(used):
        where = int(loops[1]) if len(loops) > 1 else int(used[0]) + start + 1
        raise lines.error(
            where, f"block {name!r} holds more than one table", "Give each table a data_ block of its own."
        )
    return _loop_block(lines, name, int(loops[0]), end)


def _list_block(lines: Lines, name: str, start: int, end: int) -> Block:
    stray = np.flatnonzero(lines.kinds[start + 1 : end] == Kind.ROW)
    if len(stray):
        raise lines.error(
            start + 1 + int(stray[0]),
            f"a value in block {name!r} stands without a column name",
            "A table needs a loop_ line and its column names; a list needs `_name value` lines.",
        )
    rows = np.flatnonzero(lines.kinds[start + 1 : end] == Kind.NAME) + start + 1
    columns = tuple(lines.text(int(row)).split()[0][1:] for row in rows)
    _refuse_duplicates(lines, columns, rows)
    return Block(name, columns, rows, is_list=True, plain_header=True)


def _loop_block(lines: Lines, name: str, loop: int, end: int) -> Block:
    if lines.text(loop).split("#")[0].split() != ["loop_"]:
        raise lines.error(
            loop, "there is more than loop_ on this line", "Put each column name on its own line."
        )
    kinds = lines.kinds[loop + 1 : end]
    rows = np.flatnonzero(kinds == Kind.ROW)
    header_end = int(rows[0]) if len(rows) else len(kinds)
    header = np.flatnonzero(kinds[:header_end] == Kind.NAME)
    # Once rows have begun, a line that starts with an underscore is a row like any other.
    rows = np.flatnonzero(
        (kinds == Kind.ROW) | ((kinds == Kind.NAME) & (np.arange(len(kinds)) >= header_end))
    )
    if not len(header):
        raise lines.error(
            loop, f"the loop_ of block {name!r} names no column", "Restore the header of the table."
        )
    names, places = _header(lines, header + loop + 1)
    columns = tuple(names[places.index(place)] for place in range(len(places)))
    plain = columns == names and header[0] == 0 and bool(np.all(np.diff(header) == 1))
    return Block(name, columns, rows + loop + 1, is_list=False, plain_header=plain)


def _header(lines: Lines, header: NDArray[np.int64]) -> tuple[tuple[str, ...], list[int]]:
    """Column names by line, and each one's place in a row: as in M ``#n`` decides, else the line."""
    names: list[str] = []
    places: list[int] = []
    for count, line in enumerate(header.tolist()):
        name, *rest = lines.text(line).split(maxsplit=1)
        names.append(name[1:])
        places.append(_column_place(lines, line, rest[0] if rest else "", count))
    _refuse_duplicates(lines, tuple(names), header)
    if sorted(places) != list(range(len(places))):
        wrong = next(i for i, place in enumerate(places) if place >= len(places) or places.index(place) != i)
        raise lines.error(
            int(header[wrong]),
            f"the header numbers are not 1 to {len(places)}: {names[wrong]} has #{places[wrong] + 1}",
            "Number the columns in the order of their values.",
        )
    return tuple(names), places


def _column_place(lines: Lines, line: int, rest: str, count: int) -> int:
    number = rest.split()[0] if rest else ""
    if number.startswith("#") and number[1:].isdecimal():
        return int(number[1:]) - 1
    if rest and not rest.startswith("#"):
        raise lines.error(
            line,
            f"{rest!r} follows a column name in the header of a loop",
            "A column name may be followed by #n.",
        )
    return count


def _refuse_duplicates(lines: Lines, columns: tuple[str, ...], where: NDArray[np.int64]) -> None:
    seen: dict[str, int] = {}
    for column, line in zip(columns, where.tolist(), strict=True):
        if column in seen:
            raise lines.error(
                line,
                f"the column {column} occurs twice, first on line {seen[column] + 1}",
                "Remove or rename one of the two columns.",
            )
        seen[column] = line
