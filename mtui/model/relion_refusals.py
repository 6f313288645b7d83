"""STAR files that are no particle table a tilt series' particles can be read from: what they are instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mtui.errors import FormatError
from mtui.formats.star import StarTable

_CHOOSE = "Choose a particle table."


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file by the columns that it has."""

    columns: tuple[str, ...]
    what: str
    hint: str = _CHOOSE


_KINDS = (
    _Kind(
        ("wrpCoordinateX1",),
        "a particle table of M, whose particles carry source hashes",
        "Give it as the M table (--m-star).",
    ),
    _Kind(
        ("motl_idx", "tomo_num"),
        "a motive list of STOPGAP, whose tomogram numbers, axes and angles mtui does not convert",
        "Convert it to a RELION table first.",
    ),
    _Kind(("wrpMovieName", "wrpAngleTilt"), "a .tomostar: it lists the tilt images of one series"),
    _Kind(("rlnTomoTiltSeriesStarFile",), "a tomograms table of RELION: it lists tilt series"),
    _Kind(("rlnTomoTiltSeriesName", "rlnTomoSizeX"), "a tomograms table of RELION: it lists tilt series"),
    _Kind(("rlnMicrographMovieName",), "a table of tilt images or movies of RELION"),
    _Kind(("rlnFourierShellCorrelationCorrected",), "a post-processing result of RELION"),
)


def refuse_unless_particles(path: Path, tables: dict[str, StarTable]) -> None:
    """Raises FormatError with what the file is, unless one of its tables has coordinates."""
    for table in tables.values():
        if "rlnTomoParticlesFile" in table.columns:
            listed = ", ".join(table.texts("rlnTomoParticlesFile").tolist())
            raise FormatError(
                f"{path} is an optimisation set of RELION: it only names the particle table, {listed}.",
                f"Choose {listed}.",
            )
    names = {name for table in tables.values() for name in table.columns}
    for kind in _KINDS:
        if names.issuperset(kind.columns):
            raise FormatError(f"{path} is {kind.what}.", kind.hint)
    loops = [table for table in tables.values() if not table.is_list]
    if not loops:
        raise FormatError(f"{path} holds no table, only single values: {_some(names)}.", _CHOOSE)
    if names.isdisjoint(("rlnCoordinateX", "rlnCenteredCoordinateXAngst")):
        raise FormatError(
            f"{path} is not a particle table: it has neither rlnCoordinateX nor rlnCenteredCoordinateXAngst. "
            f"Its columns are: {_some(names)}.",
            _CHOOSE,
        )


def _some(names: Iterable[str], most: int = 8) -> str:
    listed = sorted(names)
    return ", ".join(listed[:most]) + (", ..." if len(listed) > most else "")
