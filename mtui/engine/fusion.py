"""Where XLA may not merge operations."""

from __future__ import annotations

from typing import TypeVar

import jax

Values = TypeVar("Values")


def materialize(values: Values) -> Values:
    """Compute arrays (of any nesting) once before they are used.

    XLA otherwise repeats cheap arithmetic for every element of every result that needs it, which is slow
    where a result is a gather or there are several, and lets rounding depend on what is merged.
    """
    result: Values = jax.lax.optimization_barrier(values)  # type: ignore[no-untyped-call]
    return result
