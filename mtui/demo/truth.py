"""What is true about a demo project: its particles, where its images show them, what its sets contain."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.demo.phantom import Phantom
from mtui.formats.files import write_bytes, write_text

Floats = NDArray[np.float64]

_TRACKS = ("positions_ang", "angles_deg", "xy_ang", "defocus_um")
_DENSITY = ("centres_ang", "amplitudes", "sigma_ang")


@dataclass(frozen=True, slots=True)
class SeriesTruth:
    """The particles of one species in one tilt series, in the order of the species' table.

    ``positions_ang`` and ``angles_deg`` (P, K, 3) are key frames; ``xy_ang`` (P, T, 2) image positions in Å
    from the first pixel and ``defocus_um`` (P, T), as the forward model used them.
    """

    positions_ang: Floats
    angles_deg: Floats
    xy_ang: Floats
    defocus_um: Floats


@dataclass(frozen=True, slots=True)
class SetTruth:
    """A new set: rows in its file, pairs of (row of the species, row of the file), counts by tolerance.

    ``counts`` maps a tolerance in Å to the numbers of only old, common and only new particles under M's rule;
    rows of unknown tilt series count nowhere.
    """

    species: str
    rows: int
    unmatched_rows: int
    pairs: tuple[tuple[int, int], ...]
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class SpeciesTruth:
    """A species: its density, and its particles by the root of the tilt series."""

    phantom: Phantom
    angpix: float
    box_px: int
    series: Mapping[str, SeriesTruth]


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """All of it; species and sets by name."""

    seed: int
    species: Mapping[str, SpeciesTruth]
    sets: Mapping[str, SetTruth]


def save_truth(path: Path, truth: DemoTruth) -> None:
    """Write ``truth.json`` and, beside it, the arrays as ``truth.npz``."""
    arrays: dict[str, Floats] = {}
    for name, species in truth.species.items():
        arrays |= {f"{name}/{field}": np.asarray(getattr(species.phantom, field)) for field in _DENSITY}
        for root, series in species.series.items():
            arrays |= {f"{name}/{root}/{field}": getattr(series, field) for field in _TRACKS}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    write_bytes(path.with_suffix(".npz"), packed.getvalue())
    document = {
        "seed": truth.seed,
        "species": {
            name: {
                "angpix": species.angpix,
                "box_px": species.box_px,
                "particles": {root: len(series.xy_ang) for root, series in species.series.items()},
            }
            for name, species in truth.species.items()
        },
        "sets": {name: asdict(entry) for name, entry in truth.sets.items()},
    }
    write_text(path, json.dumps(document, indent=1) + "\n")


def load_truth(path: Path) -> DemoTruth:
    """Read what :func:`save_truth` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    with np.load(path.with_suffix(".npz")) as packed:
        arrays: dict[str, Floats] = dict(packed)
    return DemoTruth(
        document["seed"],
        {
            name: SpeciesTruth(
                Phantom(
                    arrays[f"{name}/centres_ang"],
                    arrays[f"{name}/amplitudes"],
                    float(arrays[f"{name}/sigma_ang"]),
                ),
                entry["angpix"],
                entry["box_px"],
                {
                    root: SeriesTruth(*(arrays[f"{name}/{root}/{field}"] for field in _TRACKS))
                    for root in entry["particles"]
                },
            )
            for name, entry in document["species"].items()
        },
        {
            name: SetTruth(**entry | {"pairs": tuple((old, new) for old, new in entry["pairs"])})
            for name, entry in document["sets"].items()
        },
    )
