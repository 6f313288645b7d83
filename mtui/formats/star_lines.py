"""The lines of a STAR file by kind, found over bytes: what can be counted and checked before parsing.

M's own reader stops silently at the first row that it does not like; here every line has its place or the
file is refused with the line's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError

_BLANK_LIMIT = 32
"""Bytes up to the space separate values."""
NOT_STAR = "Choose a STAR file, as M, Warp or RELION write it."


class Kind(IntEnum):
    """What the first value of a line makes of it."""

    BLANK = 0
    COMMENT = 1
    NAME = 2
    BLOCK = 3
    LOOP = 4
    ROW = 5


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """All lines of a file; numbers here start at 0, those in messages at 1."""

    path: Path
    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int8]

    def text(self, line: int) -> str:
        """A line without its end and without blanks around it."""
        return self.data[self.starts[line] : self.ends[line]].decode().strip()

    def error(self, line: int, problem: str, hint: str) -> FormatError:
        """A complaint about one line."""
        return FormatError(f"{self.path}, line {line + 1}: {problem}.", hint)


def read_lines(path: Path) -> Lines:
    """Lines of a text file and their kinds; a million lines take about 0.2 s.

    Raises:
        FormatError: the file is missing, unreadable or not text.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist.", "Check the path.") from error
    except OSError as error:
        raise FormatError(f"{path} could not be read: {error.strerror}.", "Check the path.") from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not _is_text(data):
        raise FormatError(f"{path} is not a text file in UTF-8.", NOT_STAR)
    letters = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(letters == ord("\n"))
    starts = np.concatenate(([0], breaks + 1))
    ends = np.append(breaks, len(data))
    first = _first_values(letters, starts, ends)
    return Lines(path, data, starts, ends, _kinds(letters, first, ends))


def token_counts(lines: Lines, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of blank-separated values of each of the given lines ``(N,)``; rows ascending."""
    low, high = int(lines.starts[rows[0]]), int(lines.ends[rows[-1]])
    solid = np.frombuffer(lines.data, np.uint8, high - low, low) > _BLANK_LIMIT
    first = np.flatnonzero(np.greater(solid[1:], solid[:-1])) + (low + 1)
    if solid[0]:
        first = np.concatenate(([low], first))
    return np.searchsorted(first, lines.ends[rows]) - np.searchsorted(first, lines.starts[rows])


def rows_contain(lines: Lines, rows: NDArray[np.int64], letter: str) -> bool:
    """Whether any of the given lines contains an ASCII character."""
    if letter.encode() not in lines.data:
        return False
    places = np.flatnonzero(np.frombuffer(lines.data, np.uint8) == ord(letter))
    return bool(np.isin(np.searchsorted(lines.ends, places), rows).any())


def _is_text(data: bytes) -> bool:
    if not data or b"\0" in data:
        return False
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _first_values(
    letters: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where each line's first value begins; its end where it has none."""
    first = starts.copy()
    waiting = np.flatnonzero((first < ends) & (letters.take(first, mode="clip") <= _BLANK_LIMIT))
    while len(waiting):
        first[waiting] += 1
        ahead = first[waiting]
        waiting = waiting[(ahead < ends[waiting]) & (letters.take(ahead, mode="clip") <= _BLANK_LIMIT)]
    return first


def _kinds(letters: NDArray[np.uint8], first: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int8]:
    leading = letters.take(first, mode="clip")
    kinds = np.full(len(first), Kind.ROW, np.int8)
    kinds[leading == ord("#")] = Kind.COMMENT
    kinds[leading == ord("_")] = Kind.NAME
    for keyword, kind in ((b"data_", Kind.BLOCK), (b"loop_", Kind.LOOP)):
        found = np.flatnonzero(leading == keyword[0])
        for offset, letter in enumerate(keyword[1:], start=1):
            found = found[letters.take(first[found] + offset, mode="clip") == letter]
        kinds[found] = kind
    kinds[first >= ends] = Kind.BLANK
    return kinds
