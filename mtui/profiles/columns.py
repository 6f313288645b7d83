"""Columns of text: how arrays become the cells of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtui.formats.star import StarTable

Rows = dict[str, list[str]]
"""Some rows of a table: the texts of each column."""

_NOT_PASSED_ON = re.compile(
    r"rln(Centered)?Coordinate[XYZ](Angst)?|rlnOrigin\w*|rlnAngle\w*|rlnTomoSubtomogram\w*|rlnTomoName"
    r"|rlnMicrographName|rlnTomoParticle(Name|Id)|rlnTomoVisibleFrames?|rlnImageName|rlnCtf\w*|rlnDefocus\w*"
    r"|rlnPhaseShift|rlnReconstructImageName|rlnImageOriginalName|rlnOpticsGroup(Name)?|rlnVoltage"
    r"|rlnSphericalAberration|rlnAmplitudeContrast|rlnImage(Size|Dimensionality)|rlnMagnification|rln\w*PixelSize"
    r"|rlnBeamTilt\w*|rln(Odd|Even)Zernike|rlnMagMat\d+|rlnMtfFileName|rlnNormCorrection"
    r"|rlnGroup(Number|Name)|rlnRandomSubset|rlnTomo(Hand|Size[XYZ]|TiltSeries\w*|FrameCount|OpticsGroupName)"
    r"|rlnMicrographPreExposure|rlnTomoNominalStageTiltAngle|mtui\w+"
)


def fixed(values: NDArray[np.floating[Any]], digits: int) -> list[str]:
    """Numbers (N,) with a fixed number of decimals, never with an exponent and never ``-0``."""
    form = f"%.{digits}f"
    negative_zero = form % -0.0
    texts = [form % value for value in np.asarray(values, dtype=np.float64).tolist()]
    return [form % 0.0 if text == negative_zero else text for text in texts]


def axes(names: str, values: NDArray[np.floating[Any]], digits: int) -> Rows:
    """Three columns of (N, 3) numbers; ``names`` has the three names with blanks between them."""
    return {name: fixed(values[:, axis], digits) for axis, name in enumerate(names.split())}


def repeated(constants: Mapping[str, str], count: int) -> Rows:
    """Columns that have one value in all rows."""
    return {name: [text] * count for name, text in constants.items()}


def in_order(columns: Iterable[str], rows: Rows) -> Rows:
    """The same rows with exactly these columns in this order; KeyError where one is missing."""
    return {column: rows[column] for column in columns}


def join(parts: Sequence[Rows]) -> Rows:
    """Rows of several parts one below the other; all have the same columns."""
    return {column: [text for part in parts for text in part[column]] for column in parts[0]} if parts else {}


def count_of(rows: Rows) -> int:
    """Number of rows."""
    return len(next(iter(rows.values()), []))


def passed_on(extra: Sequence[tuple[str, NDArray[np.str_]]]) -> Rows:
    """The columns of a species' table that go through to the exported one.

    Not those that say where a particle is, how it lies, what its images are or how they were recorded: the
    exported table has its own, and stale ones would be believed.
    """
    return {name: values.tolist() for name, values in extra if not _NOT_PASSED_ON.fullmatch(name)}


def star_table(name: str, rows: Rows, *, is_list: bool = False) -> StarTable:
    """A block of a STAR file."""
    return StarTable(name, {key: np.array(texts, dtype=np.str_) for key, texts in rows.items()}, is_list)
