"""Types of arrays, and equality of dataclasses that hold some."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Floats: TypeAlias = NDArray[np.floating[Any]]
Numbers: TypeAlias = NDArray[np.floating[Any]] | float
Indices: TypeAlias = NDArray[np.intp]


class ArrayEquality:
    """Mixin for ``@dataclass(eq=False)``: equal if all fields are, arrays by shape and values.

    The equality that ``dataclass`` generates asks an array for its truth value, which raises. NaN equals NaN.
    Fields declared with ``compare=False`` are left out. Such objects are not hashable.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        compared = (field.name for field in fields(self) if field.compare)
        return all(_equal(getattr(self, name), getattr(other, name)) for name in compared)


def _equal(first: object, second: object) -> bool:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second, equal_nan=first.dtype.kind == second.dtype.kind == "f")
    return bool(first == second)
