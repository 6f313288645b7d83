"""A set of particles as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

MISSING = "null"
"""What M writes where a particle has no value in an extra column."""


@dataclass(frozen=True, slots=True, eq=False)
class ParticleSet:
    """Particles of one species, in table order; the order is their only identity."""

    positions_ang: NDArray[np.float32]
    """``(N, M, 3)`` x, y, z in Å from the volume's corner at M key frames, equally spaced over the dose."""
    angles_deg: NDArray[np.float32]
    """``(N, R, 3)`` Rot, Tilt, Psi in degrees (RELION's ZYZ) at R key frames."""
    half: NDArray[np.int8]
    """``(N,)`` half-set, 0 or 1; files say 1 or 2."""
    source_name: NDArray[np.str_]
    """``(N,)`` name of the micrograph; informational."""
    source_hash: NDArray[np.str_]
    """``(N,)`` data hash of the tilt series, the key in a source's ``Files``."""
    extra: tuple[tuple[str, NDArray[np.str_]], ...] = ()
    """Columns that mtui does not interpret: name and ``(N,)`` texts."""

    def __post_init__(self) -> None:
        count = len(self.half)
        columns = (self.source_name, self.source_hash, *(values for _, values in self.extra))
        if any(column.shape != (count,) for column in columns):
            raise ValueError(f"every column of a particle set must have shape ({count},)")
        for keys in (self.positions_ang, self.angles_deg):
            if keys.ndim != 3 or keys.shape[0] != count or keys.shape[1] < 1 or keys.shape[2] != 3:
                raise ValueError(f"key frames must have shape ({count}, keys, 3), not {keys.shape}")

    def __len__(self) -> int:
        return len(self.half)

    @property
    def movement(self) -> int:
        """Key frames of the positions."""
        return int(self.positions_ang.shape[1])

    @property
    def rotation(self) -> int:
        """Key frames of the angles."""
        return int(self.angles_deg.shape[1])

    def select(self, index: ArrayLike) -> ParticleSet:
        """The particles at ``index`` (row numbers or a boolean mask), in that order."""
        rows = np.asarray(index)
        if rows.dtype != np.bool_:
            rows = rows.astype(np.intp)
        return ParticleSet(
            self.positions_ang[rows],
            self.angles_deg[rows],
            self.half[rows],
            self.source_name[rows],
            self.source_hash[rows],
            tuple((name, values[rows]) for name, values in self.extra),
        )

    def resampled(self, movement: int, rotation: int) -> ParticleSet:
        """The same trajectories with other numbers of key frames, by PCHIP (M's `Particle`)."""
        if (movement, rotation) == (self.movement, self.rotation):
            return self
        from mtui.geometry.trajectories import resample_keys

        positions = resample_keys(self.positions_ang.astype(np.float64), movement)
        angles = resample_keys(self.angles_deg.astype(np.float64), rotation)
        return replace(self, positions_ang=positions.astype(np.float32), angles_deg=angles.astype(np.float32))

    def sorted_by_hash(self) -> ParticleSet:
        """Rows in ordinal order of the source hash, rows of one hash in their order here."""
        _, codes = group_codes(self.source_hash)
        return self.select(np.argsort(codes, kind="stable"))

    def rows_by_hash(self) -> dict[str, NDArray[np.intp]]:
        """Row numbers of each source hash, hashes in ordinal order, rows ascending."""
        names, codes = group_codes(self.source_hash)
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
        return {name: order[bounds[i] : bounds[i + 1]] for i, name in enumerate(names)}

    def same_as(self, other: ParticleSet) -> bool:
        """Whether every value is the same, in the same order."""
        return (
            np.array_equal(self.positions_ang, other.positions_ang, equal_nan=True)
            and np.array_equal(self.angles_deg, other.angles_deg, equal_nan=True)
            and np.array_equal(self.half, other.half)
            and np.array_equal(self.source_name, other.source_name)
            and np.array_equal(self.source_hash, other.source_hash)
            and [name for name, _ in self.extra] == [name for name, _ in other.extra]
            and all(np.array_equal(a, b) for (_, a), (_, b) in zip(self.extra, other.extra, strict=True))
        )


def concatenate(first: ParticleSet, second: ParticleSet) -> ParticleSet:
    """Rows of ``first``, then of ``second``; an extra column that one of them lacks is filled with ``null``.

    Both must have the same numbers of key frames.
    """
    if (first.movement, first.rotation) != (second.movement, second.rotation):
        raise ValueError("particle sets with different numbers of key frames cannot be joined")
    extras_first, extras_second = dict(first.extra), dict(second.extra)
    empty_first = np.full(len(first), MISSING)
    empty_second = np.full(len(second), MISSING)
    return ParticleSet(
        np.concatenate((first.positions_ang, second.positions_ang)),
        np.concatenate((first.angles_deg, second.angles_deg)),
        np.concatenate((first.half, second.half)),
        np.concatenate((first.source_name, second.source_name)),
        np.concatenate((first.source_hash, second.source_hash)),
        tuple(
            (
                name,
                np.concatenate((extras_first.get(name, empty_first), extras_second.get(name, empty_second))),
            )
            for name in {**extras_first, **extras_second}
        ),
    )


def group_codes(texts: NDArray[np.str_]) -> tuple[list[str], NDArray[np.int32]]:
    """Distinct texts in ordinal order, and for each text ``(N,)`` its number in that list."""
    values: list[str] = texts.tolist()
    names = sorted(set(values))
    number = {name: i for i, name in enumerate(names)}
    return names, np.fromiter((number[value] for value in values), np.int32, len(values))
