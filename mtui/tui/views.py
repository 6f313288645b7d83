"""Curves, distributions and slices of maps, asked of a child process and kept until a file changes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mtui.tui.child import module_command, run_child

Kind = Literal["resolution", "poses", "slices", "average"]
Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ResolutionView:
    """Correlation of the half maps per shell."""

    box_ang: float
    unmasked: tuple[float, ...]
    corrected: tuple[float, ...] | None
    """Within the mask, less the mask's own part; None where there is no mask."""
    resolution_ang: float
    half_ang: float
    """Where the curve falls below 0.5."""


@dataclass(frozen=True, slots=True)
class PosesView:
    """Where the particles are and from where they are seen."""

    series: tuple[tuple[str, int, int], ...]
    """Name of each tilt series, its particles in half-set 1 and in half-set 2."""
    directions: NDArray[np.int64]
    """Poses per bin of viewing direction (tilt, rot)."""


@dataclass(frozen=True, slots=True)
class MapSlices:
    """Slices through the centre of a map, seen along z, y and x, in grey values."""

    label: str
    planes: tuple[Plane, ...]


@dataclass(frozen=True, slots=True)
class SlicesView:
    """Slices of one or more maps."""

    maps: tuple[MapSlices, ...]


View = ResolutionView | PosesView | SlicesView


class ViewReader:
    """Asks for views, once for each state of the files that they show."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, Path, tuple[int, ...]], View | str] = {}

    async def read(self, kind: Kind, path: Path, files: Sequence[Path]) -> View | str:
        """The view of a species' file or a job's folder, or in a sentence why there is none.

        ``files`` are those that it depends on: when one of them changes, the view is made again.
        """
        place = kind, path, tuple(_changed_ns(file) for file in files)
        if place not in self._known:
            output = await run_child(module_command("mtui.tui.viewer", kind, str(path)))
            self._known[place] = output.last_words if output.exit_code else parse_view(kind, output.stdout)
        return self._known[place]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def parse_view(kind: Kind, text: bytes) -> View | str:
    """The view in what the child printed, or the problem that it tells."""
    values = json.loads(text)
    if "problem" in values:
        return str(values["problem"])
    if kind == "resolution":
        corrected = values["corrected"]
        return ResolutionView(
            box_ang=values["box_ang"],
            unmasked=tuple(values["unmasked"]),
            corrected=None if corrected is None else tuple(corrected),
            resolution_ang=values["resolution_ang"],
            half_ang=values["half_ang"],
        )
    if kind == "poses":
        series = ((name, first, second) for name, first, second in values["series"])
        return PosesView(tuple(series), np.array(values["directions"], np.int64))
    return SlicesView(tuple(_parse_map(entry) for entry in values["maps"]))


def _parse_map(entry: Any) -> MapSlices:
    planes = (
        np.frombuffer(base64.b64decode(data), np.uint8).reshape(rows, columns)
        for rows, columns, data in entry["planes"]
    )
    return MapSlices(entry["label"], tuple(planes))
