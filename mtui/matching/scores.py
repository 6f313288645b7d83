"""Columns that say which of several particles, or poses, is the better one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtui.errors import InputError
from mtui.model.particles import MISSING, ParticleSet


def column_of(particles: ParticleSet, name: str) -> NDArray[np.str_]:
    """An extra column ``(N,)`` of a particle set.

    Raises:
        InputError: there is no such column.
    """
    values = dict(particles.extra).get(name)
    if values is None:
        listed = ", ".join(column for column, _ in particles.extra) or "none"
        raise InputError(f"The particles have no column {name!r}.", f"Extra columns are: {listed}.")
    return values


def read_scores(texts: NDArray[np.str_], column: str, highest: bool) -> NDArray[np.float64]:
    """Scores ``(N,)`` of which the highest is the best; particles without a value are the worst.

    ``highest`` says whether high values of the column are good.

    Raises:
        InputError: a value that is not a number, with its row.
    """
    score = np.full(len(texts), -np.inf)
    given = np.flatnonzero(texts != MISSING)
    try:
        score[given] = texts[given].astype(np.float64)
    except ValueError:
        row = next(int(at) for at in given if not _is_number(str(texts[at])))
        raise InputError(
            f"Row {row + 1} has {str(texts[row])!r} in column {column!r}, which is not a number.",
            "Choose a column of numbers.",
        ) from None
    score[np.isnan(score)] = -np.inf
    return score if highest else np.where(np.isneginf(score), score, -score)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
