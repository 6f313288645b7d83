"""Three columns of a foreign table as vectors, checked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.model.relion_table import ParticleTable

ANGLES = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
SUBTOMOGRAM = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")
ORIGINS_PX = ("rlnOriginX", "rlnOriginY", "rlnOriginZ")
ORIGINS_ANG = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")
HALF = "rlnRandomSubset"


def vectors(
    table: ParticleTable, names: tuple[str, str, str], *, z_optional: bool = False
) -> NDArray[np.float64]:
    """``(N, 3)`` values of three columns; with ``z_optional`` a missing third one is 0.

    Raises:
        FormatError: a column is missing, or a value is not finite, with its lines.
    """
    missing = [name for name in (names[:2] if z_optional else names) if not table.has(name)]
    if missing:
        raise FormatError(
            f"{table.path} has {names[0] if table.has(names[0]) else 'some'} of the columns "
            f"{', '.join(names)}, but not {', '.join(missing)}.",
            "Restore the missing columns.",
        )
    zeros = np.zeros(len(table))
    values = [table.numbers(name) if table.has(name) else zeros for name in names]
    for name, column in zip(names, values, strict=True):
        _refuse_infinite(table, name, column)
    return np.stack(values, axis=1)


def halves(table: ParticleTable) -> NDArray[np.int8]:
    """Half-set ``(N,)`` 0 or 1 of each row; without a column the row's number modulo 2, as in M.

    Raises:
        FormatError: a value other than 1 and 2, with its line.
    """
    if not table.has(HALF):
        return (np.arange(len(table)) % 2).astype(np.int8)
    values = table.numbers(HALF)
    wrong = np.flatnonzero((values != 1) & (values != 2))
    if len(wrong):
        raise FormatError(
            f"{table.path}, {table.line_text(wrong)}: {HALF} is {values[wrong[0]]:g}; it must be 1 or 2.",
            "Assign each particle to one of the two half-sets, or remove the column.",
        )
    return (values - 1).astype(np.int8)


def _refuse_infinite(table: ParticleTable, name: str, values: NDArray[np.float64]) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise FormatError(
            f"{table.path}, {table.line_text(wrong)}: {name} is {values[wrong[0]]:g}, which is no position, "
            "shift or angle.",
            "Remove these rows or correct them.",
        )
