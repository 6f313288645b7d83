"""The demo's new sets on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mtui.demo.kinds import ANGPIX
from mtui.demo.pairing import counts_by_tolerance, pair_distances
from mtui.demo.sets import NewSet, add_strays, make_new_set, relion30_table, relion31_tables
from mtui.demo.truth import SetTruth
from mtui.formats.files import make_folder
from mtui.formats.star_writer import write_star
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.species import Species

Room = Mapping[str, tuple[float, float, float]]
"""Size in Å of the volume of each tilt series by hash."""

STRAYS = 5


def write_sets(
    folder: Path, species: Sequence[Species], particles: Sequence[ParticleSet], room: Room, seed: int
) -> dict[str, SetTruth]:
    """Write the new sets and say what they contain, by file name.

    For each species one table as M writes it, and for the first one also RELION 3.0's and 3.1's, the last
    with some rows of a tilt series that no source has.
    """
    make_folder(folder)
    truths: dict[str, SetTruth] = {}
    for number, (kind, old) in enumerate(zip(species, particles, strict=True)):
        name = f"{kind.data_stem}_m.star"
        new = make_new_set(old, room, 0.8, np.random.default_rng([seed, 3, number]))
        write_m_particles(folder / name, new.particles)
        truths[name] = _truth(kind, old, new)
    return truths | _write_relion(folder, species[0], particles[0], room, seed)


def _write_relion(
    folder: Path, kind: Species, old: ParticleSet, room: Room, seed: int
) -> dict[str, SetTruth]:
    rng = np.random.default_rng([seed, 4])
    first, second = f"{kind.data_stem}_relion30.star", f"{kind.data_stem}_relion31.star"
    plain = make_new_set(old, room, 0.7, rng)
    write_star(folder / first, [relion30_table(plain.particles, 2 * ANGPIX, rng)])
    strayed = add_strays(make_new_set(old, room, 0.6, rng), STRAYS, rng)
    write_star(folder / second, relion31_tables(strayed.particles, ANGPIX, rng))
    return {first: _truth(kind, old, plain), second: _truth(kind, old, strayed)}


def _truth(kind: Species, old: ParticleSet, new: NewSet) -> SetTruth:
    known = new.particles.source_hash != ""
    matched = new.particles.select(known)
    distances = pair_distances(
        old.positions_ang[:, 0].astype(np.float64),
        old.source_hash.tolist(),
        matched.positions_ang[:, 0].astype(np.float64),
        matched.source_hash.tolist(),
    )
    pairs = tuple((int(row), index) for index, row in enumerate(new.origin) if row >= 0)
    return SetTruth(
        species=kind.name,
        rows=len(new.particles),
        unmatched_rows=int((~known).sum()),
        pairs=pairs,
        counts=counts_by_tolerance(distances, len(old), len(matched)),
    )
