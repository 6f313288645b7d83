"""The child process that computes what is looked at: curves, distributions, slices of maps.

Run as ``python -m mtui.tui.viewer KIND PATH``; it prints one object of JSON. The app itself reads no map and
no table, so that it answers keys whatever their size.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import InputError, ModelError, MtuiError
from mtui.formats.mrc import read_header, read_volume
from mtui.model.species import Species, load_species

Answer = dict[str, object]
Volume = NDArray[np.float32]

MAP_KINDS = ("filtsharp", "filt", "filtlocal", "denoised", "half1")
"""Which map is shown: the first of these that is there."""
ROT_BINS, TILT_BINS = 36, 12
"""Bins of the angular distribution; those of tilt are even in its cosine, so that all have the same area."""
SHOWN_DIAMETERS = 1.25
"""How much of a species' map is shown: around the particle there is nothing."""
LONGEST_EDGE_PX = 128
"""Of a slice that is sent to the app; no terminal shows more."""
_BRIGHTEST = 99.8
_DARKEST = 0.5
"""Percentiles of a map that are drawn white and black."""


def view_resolution(path: Path) -> Answer:
    """FSC of the half maps, within the mask if there is one, and where it falls below 0.143."""
    from mtui.model import half_maps

    species = load_species(path)
    first, second = (_cube(species, kind) for kind in ("half1", "half2"))
    has_mask = species.map_path("mask").is_file()
    mask = _cube(species, "mask") if has_mask else None
    if first.shape != second.shape or (mask is not None and mask.shape != first.shape):
        raise ModelError(
            f"The half maps and the mask of {species.name!r} differ in size: "
            f"{len(first)}, {len(second)}{f' and {len(mask)}' if mask is not None else ''} px.",
            "Their Fourier shell correlation needs maps of one size; have M write the species again.",
        )
    fsc = half_maps.compute_half_map_fsc(first, second, mask)
    box_ang = len(first) * float(species.angpix)
    return {
        "box_ang": box_ang,
        "unmasked": fsc.unmasked.round(4).tolist(),
        "corrected": None if fsc.corrected is None else fsc.corrected.round(4).tolist(),
        "resolution_ang": half_maps.resolution_ang(fsc.best, box_ang),
        "half_ang": half_maps.resolution_ang(fsc.best, box_ang, 0.5),
    }


def view_poses(path: Path) -> Answer:
    """Half-set balance, particles per tilt series and viewing directions."""
    from mtui.model.versions import load_particles

    particles = load_particles(load_species(path))
    series = []
    for rows in particles.rows_by_hash().values():
        second = int(np.count_nonzero(particles.half[rows]))
        name = Path(str(particles.source_name[rows[0]]).replace("\\", "/")).stem
        series.append([name, len(rows) - second, second])
    rot, tilt = particles.angles_deg[:, 0, 0], particles.angles_deg[:, 0, 1]
    return {"series": sorted(series), "directions": count_directions(rot, tilt).tolist()}


def count_directions(rot_deg: NDArray[np.floating], tilt_deg: NDArray[np.floating]) -> NDArray[np.int64]:
    """Poses per bin of viewing direction (tilt, rot): tilt from 0 to 180, rot from -180 to 180 degrees.

    Angles of any turn are taken as the direction they stand for: tilt -t at rot r is tilt t at rot r + 180.
    """
    rot, tilt = np.radians(rot_deg.astype(np.float64)), np.radians(tilt_deg.astype(np.float64))
    x, y = np.cos(rot) * np.sin(tilt), np.sin(rot) * np.sin(tilt)
    turn = (np.arctan2(y, x) / (2 * np.pi) + 0.5) % 1
    height = (1 - np.cos(tilt)) / 2
    row = np.minimum((height * TILT_BINS).astype(np.int64), TILT_BINS - 1)
    column = np.minimum((turn * ROT_BINS).astype(np.int64), ROT_BINS - 1)
    counts = np.bincount(row * ROT_BINS + column, minlength=ROT_BINS * TILT_BINS)
    return counts.reshape(TILT_BINS, ROT_BINS)


def view_slices(path: Path) -> Answer:
    """Central slices of the species' map and of its mask."""
    species = load_species(path)
    kind = next((kind for kind in MAP_KINDS if species.map_path(kind).is_file()), MAP_KINDS[-1])
    shown = {f"map ({kind})": kind}
    if species.map_path("mask").is_file():
        shown["mask"] = "mask"
    edge = round(SHOWN_DIAMETERS * species.diameter_ang / float(species.angpix))
    return {"maps": [_sliced(label, _centre(_cube(species, kind), edge)) for label, kind in shown.items()]}


def _centre(volume: Volume, edge: int) -> Volume:
    """The cube of so many pixels in the middle, or all of the volume."""
    start = max(0, (len(volume) - edge) // 2)
    inner = slice(start, len(volume) - start)
    return volume[inner, inner, inner]


def view_average(folder: Path) -> Answer:
    """Central slices of the mean of a job's volumes, as they were exported."""
    from mtui.jobs.record import Job
    from mtui.jobs.unit_store import UnitStore

    units = UnitStore(Job(folder).units_path)
    rows: Counter[str] = Counter()
    total: NDArray[np.float64] | None = None
    count = 0
    for number in sorted(units):
        record = units[number]
        rows[record.series_hash] += record.stop - record.start - record.dropped
        average = next((Path(name) for name in record.files if name.endswith("_average.mrc")), None)
        if average is not None:
            weight = rows[record.series_hash]
            weighted = read_volume(average).astype(np.float64) * weight
            total = weighted if total is None else total + weighted
            count += weight
    if total is None or not count:
        raise InputError(
            "The job wrote no average of volumes.",
            "It comes with the last particle of a tilt series; image series have none.",
        )
    return {"maps": [_sliced(f"mean of {count:,} particles", (total / count).astype(np.float32))]}


def _cube(species: Species, kind: str) -> Volume:
    path = species.map_path(kind)
    x, y, z = read_header(path).size_px
    if not x == y == z:
        raise ModelError(f"{path} is {x} x {y} x {z} px.", "A species' maps must be cubes.")
    return read_volume(path)


def _sliced(label: str, volume: Volume) -> Answer:
    """The slices through the centre, seen along z, y and x, as grey values."""
    low, high = np.percentile(volume, (_DARKEST, _BRIGHTEST))
    z, y, x = (edge // 2 for edge in volume.shape)
    planes = [_thinned(plane) for plane in (volume[z], volume[:, y], volume[:, :, x])]
    low = min(low, 0.0) if high <= low else low
    scale = 255 / (high - low) if high > low else 0.0
    grey = [np.clip((plane - low) * scale, 0, 255).astype(np.uint8) for plane in planes]
    encoded = [[*plane.shape, base64.b64encode(plane.tobytes()).decode()] for plane in grey]
    return {"label": label, "planes": encoded}


def _thinned(plane: Volume) -> Volume:
    """Means of square blocks, so that the longer edge is at most LONGEST_EDGE_PX."""
    step = -(-max(plane.shape) // LONGEST_EDGE_PX)
    rows, columns = (edge // step for edge in plane.shape)
    blocks = plane[: rows * step, : columns * step].reshape(rows, step, columns, step)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


KINDS: dict[str, Callable[[Path], Answer]] = {
    "resolution": view_resolution,
    "poses": view_poses,
    "slices": view_slices,
    "average": view_average,
}


def main(words: Sequence[str]) -> int:
    """Print the answer; an input that cannot be used is told in it."""
    kind, path = words
    try:
        answer = KINDS[kind](Path(path))
    except MtuiError as error:
        answer = {"problem": f"{error.message} {error.hint}".strip()}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
