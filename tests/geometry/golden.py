"""Small golden cases of geometry (see tests/data/README.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mtui.geometry.arrays import Array
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import Frame, TiltGeometry

DATA = Path(__file__).resolve().parents[1] / "data"
SERIES = ("TS_1", "00254")
Fields = TypeVar("Fields", TiltGeometry, SeriesCtf)


@dataclass(frozen=True)
class GoldenSeries:
    """A series, twelve particles, and what is known of them in five of its tilts."""

    geometry: TiltGeometry
    ctf: SeriesCtf
    frame: Frame  # without size rounding
    rounded_frame: Frame
    tilts: NDArray[np.intp]
    dose_order: list[int]
    coord_keys: list[list[list[float]]]
    angle_keys: list[list[list[float]]]
    coords: Array  # particle, tilt, 3
    angles: Array
    positions: Array  # particle, tilt, (x, y Å; defocus µm)
    positions_rounded: Array
    matrices: Array  # particle, tilt, 9
    scale: Array
    bfactor_ang2: Array


@lru_cache
def load_document() -> Any:
    return json.loads((DATA / "geometry.json").read_text())


def load_units(name: str) -> list[dict[str, Any]]:
    units: list[dict[str, Any]] = load_document()["units"][name]
    return units


@lru_cache
def load_series(name: str) -> GoldenSeries:
    document = load_document()["series"][name]
    volume, image = tuple(document["volume_ang"]), tuple(document["image_ang"])
    arrays = (
        "coords",
        "angles",
        "positions",
        "positions_rounded",
        "matrices",
        "scale",
        "bfactor_ang2",
        "tilts",
    )
    return GoldenSeries(
        geometry=_build(TiltGeometry, document["geometry"]),
        ctf=_build(SeriesCtf, document["ctf"]),
        frame=Frame(volume, image),
        rounded_frame=Frame(volume, image, tuple(document["size_rounding"])),
        dose_order=document["dose_order"],
        coord_keys=document["coord_keys"],
        angle_keys=document["angle_keys"],
        **{key: np.array(document[key]) for key in arrays},
    )


def _build(kind: type[Fields], document: dict[str, Any]) -> Fields:
    converters: dict[object, Any] = {
        "CubicGrid": lambda values: CubicGrid(np.array(values, dtype=np.float64)),
        "LinearGrid4D": lambda values: LinearGrid4D(np.array(values, dtype=np.float64)),
        "float": float,
        "bool": bool,
    }
    return kind(
        **{field.name: converters.get(field.type, np.array)(document[field.name]) for field in fields(kind)}
    )
