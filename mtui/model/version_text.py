"""What a version text stands for: the poses as written and the maps."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import ModelError
from mtui.formats.hashing import HASHED_BYTES, hash_bytes, hash_text
from mtui.formats.mrc import read_leading_values
from mtui.formats.numbers import f5_values
from mtui.model.particles import MISSING, ParticleSet
from mtui.model.species import Species

_LENGTH = 8


def compute_version(species: Species, particles: ParticleSet) -> str:
    """Version text of a species with these particles (M's `Species.ComputeVersionHash`).

    Hashes positions, angles, and the first 512 KiB of both half maps and the mask. Unlike M, which hashes
    unrounded numbers, poses count as they are written, with five decimals: anybody can compute the text from
    the files, and saving and loading do not change it.

    Raises:
        ModelError: a half map or the mask is missing.
        FormatError: one of them is no MRC file.
    """
    hashes = [_hash_floats(f5_values(particles.positions_ang)), _hash_floats(f5_values(particles.angles_deg))]
    hashes += [_hash_map(species, species.map_path(kind)) for kind in ("half1", "half2", "mask")]
    return hash_text(_used_sources(species) + "".join(hashes))[:_LENGTH]


def same_as_written(first: ParticleSet, second: ParticleSet) -> bool:
    """Whether two sets would give the same table."""
    return (
        _same_bits(first.positions_ang, second.positions_ang)
        and _same_bits(first.angles_deg, second.angles_deg)
        and np.array_equal(first.half, second.half)
        and np.array_equal(first.source_name, second.source_name)
        and np.array_equal(first.source_hash, second.source_hash)
        and [name for name, _ in first.extra] == [name for name, _ in second.extra]
        and all(_same_texts(a, b) for (_, a), (_, b) in zip(first.extra, second.extra, strict=True))
    )


def _hash_floats(values: NDArray[np.float32]) -> str:
    return hash_bytes(np.ascontiguousarray(values, "<f4").tobytes())


def _hash_map(species: Species, path: Path) -> str:
    if not path.is_file():
        raise ModelError(
            f"The species {species.name!r} cannot get a version: {path} does not exist.",
            "Restore the half maps and the mask; M needs them too.",
        )
    return _hash_floats(read_leading_values(path, HASHED_BYTES // 4))


def _used_sources(species: Species) -> str:
    if not species.document:
        return ""
    entries = ET.fromstring(species.document).findall("UsedDataSources/DataSource")
    return "".join(f"{uuid.UUID(entry.get('GUID'))}{entry.get('Version', '')}" for entry in entries)


def _same_bits(first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
    # By bits: -0.00000 is another text than 0.00000.
    return first.shape == second.shape and np.array_equal(
        f5_values(first).view(np.uint32), f5_values(second).view(np.uint32)
    )


def _same_texts(first: NDArray[np.str_], second: NDArray[np.str_]) -> bool:
    return np.array_equal(np.where(first == "", MISSING, first), np.where(second == "", MISSING, second))
