"""One block of a STAR file as columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64] | NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class StarTable:
    """One block of a STAR file."""

    name: str
    """What follows ``data_``; may be empty."""
    columns: dict[str, Column]
    """Column name without its underscore -> ``(N,)`` float64 or text; in a list block N is 1."""
    is_list: bool = False
    lines: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Line number in the file, from 1, of each row; empty for a table that was not read."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def texts(self, column: str) -> NDArray[np.str_]:
        """A text column; KeyError where there is none, TypeError where it was read as numbers."""
        values = self.columns[column]
        if values.dtype.kind != "U":
            raise TypeError(f"{column} was read as numbers")
        return values.astype(np.str_, copy=False)

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A numeric column; KeyError where there is none, TypeError where it was read as text."""
        values = self.columns[column]
        if values.dtype.kind != "f":
            raise TypeError(f"{column} was read as text")
        return values.astype(np.float64, copy=False)
