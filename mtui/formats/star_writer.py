"""STAR files in M's byte layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.files import write_chunks
from mtui.formats.star_table import StarTable

_ROWS_AT_ONCE = 100_000
_BETWEEN_TABLES = b"\n\n\n"


def write_star(path: Path, tables: Sequence[StarTable]) -> None:
    """Write tables as M's `Star.Save` does: every value right-aligned under two blanks, LF, no quotes.

    All columns must be text already; numbers are formatted by the caller, who knows their form.

    Raises:
        FormatError: a value is empty or contains a blank; M's dialect has no quotes, and its reader would
            silently stop at such a row.
        WriteError: see `files.atomic_path`.
    """
    write_chunks(path, star_chunks(path, tables))


def star_chunks(path: Path, tables: Sequence[StarTable]) -> Iterator[bytes]:
    """The bytes that `write_star` would write; ``path`` is named in errors."""
    for table in tables:
        for name in table.columns:
            _refuse_unwritable(path, name, table.texts(name))
    return _chunks(tables)


def _refuse_unwritable(path: Path, column: str, texts: NDArray[np.str_]) -> None:
    if texts.size == 0 or texts.dtype.itemsize == 0:
        wrong = np.arange(texts.size)
    else:
        letters = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), -1)
        # The array pads with zeros behind the text; a blank is anything else up to the space.
        blank = (letters <= 32) & (letters > 0)
        wrong = np.flatnonzero(blank.any(axis=1) | (letters[:, 0] == 0))
    if len(wrong):
        row = int(wrong[0])
        raise FormatError(
            f"{path}: {column} of row {row + 1} is {str(texts[row])!r}; a value in M's tables cannot be "
            "empty or contain a blank.",
            "Give it another value; M writes null where there is none.",
        )


def _chunks(tables: Sequence[StarTable]) -> Iterator[bytes]:
    for number, table in enumerate(tables):
        if number:
            yield _BETWEEN_TABLES
        yield f"\ndata_{table.name}\n\n".encode()
        if table.is_list:
            yield _list_text(table).encode()
        else:
            names = "".join(f"_{name} #{place}\n" for place, name in enumerate(table.columns, start=1))
            yield f"loop_\n{names}".encode()
            yield from _rows(table)


def _list_text(table: StarTable) -> str:
    entries = {name: str(table.texts(name)[0]) for name in table.columns}
    names = max(map(len, entries), default=0)
    values = max(map(len, entries.values()), default=0)
    return "".join(f"_{name:<{names}}  {value:>{values}}\n" for name, value in entries.items())


def _rows(table: StarTable) -> Iterator[bytes]:
    columns = {name: table.texts(name) for name in table.columns}
    widths = {name: _width(texts) for name, texts in columns.items()}
    for start in range(0, len(table), _ROWS_AT_ONCE):
        part = {name: texts[start : start + _ROWS_AT_ONCE] for name, texts in columns.items()}
        yield _aligned(part, widths)


def _width(texts: NDArray[np.str_]) -> int:
    return int(np.strings.str_len(texts).max(initial=0))


def _aligned(columns: Mapping[str, NDArray[np.str_]], widths: Mapping[str, int]) -> bytes:
    """Rows of equal length as one array of letters (rows, letters)."""
    cells = [np.strings.rjust(texts, widths[name] + 2) for name, texts in columns.items()]
    rows = len(cells[0])
    letters = np.concatenate(
        [np.ascontiguousarray(cell).view(np.uint32).reshape(rows, -1) for cell in cells]
        + [np.full((rows, 1), ord("\n"), np.uint32)],
        axis=1,
    )
    if letters.max(initial=0) < 128:
        return letters.astype(np.uint8).tobytes()
    return letters.tobytes().decode("utf-32-le").encode()
