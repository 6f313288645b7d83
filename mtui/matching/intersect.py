"""A species' particles beside another set, and what is kept of both (M's particle-sets dialog)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mtui.errors import MatchingError
from mtui.matching.new_set import NewSet, read_new_set
from mtui.matching.pairs import Pairs, pair_particles
from mtui.matching.sets import OLD, Counts, Distances, compose, sort_distances, within
from mtui.model.particles import ParticleSet, concatenate
from mtui.model.population import Population
from mtui.model.species import Species
from mtui.model.versions import commit_particles, load_particles
from mtui.settings import IntersectSettings


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two particle sets, paired one to one; any tolerance can be applied to it at once."""

    species: Species
    old: ParticleSet
    """The species' particles."""
    new: NewSet
    new_particles: ParticleSet
    """Particles of the new set with the species' numbers of key frames."""
    pairs: Pairs
    distances: Distances

    def counts(self, tolerance_ang: float) -> Counts:
        """The three sets at a tolerance."""
        return self.distances.counts(tolerance_ang)

    def half_conflicts(self, tolerance_ang: float) -> int:
        """Common particles whose half-set is not the same in both tables; the old one counts."""
        if not self.new.has_halves:
            return 0
        near = within(self.pairs, tolerance_ang)
        old = self.old.half[self.pairs.old_index[near]]
        return int(np.count_nonzero(old != self.new_particles.half[self.pairs.new_index[near]]))


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did."""

    species: Species
    """As it is now."""
    particles: int
    changed: bool
    """False where the table would have been the same; then nothing was written."""


def compare(population: Population, species: Species, settings: IntersectSettings) -> Comparison:
    """Pair a species' particles with those of the set in the settings, as M does.

    Positions of the first key frame, in Å, are paired within each source hash.

    Raises:
        InputError: see `new_set.read_new_set` and `versions.load_particles`.
    """
    new = read_new_set(population, species, settings)
    old = load_particles(species)
    resampled = new.particles.resampled(species.temporal_movement, species.temporal_rotation)
    pairs = pair_particles(
        old.positions_ang[:, 0], old.source_hash, resampled.positions_ang[:, 0], resampled.source_hash
    )
    return Comparison(species, old, new, resampled, pairs, sort_distances(pairs, len(old), len(resampled)))


def result_of(comparison: Comparison, tolerance_ang: float, keep: Collection[str]) -> ParticleSet:
    """The particles to keep, ``keep`` naming any of ``old``, ``both``, ``new``.

    Common particles are the old ones. Extra columns are those of both tables; a particle whose table lacks
    one has ``null`` there.
    """
    chosen = compose(
        comparison.pairs,
        comparison.old.source_hash,
        comparison.new_particles.source_hash,
        tolerance_ang,
        keep,
    )
    old = comparison.old.select(chosen.index[chosen.side == OLD])
    new = comparison.new_particles.select(chosen.index[chosen.side != OLD])
    if not len(new):
        return old
    return concatenate(old, new).sorted_by_hash()


def refuse_empty(comparison: Comparison, tolerance_ang: float, keep: Collection[str]) -> None:
    """Raises MatchingError where nothing would be left."""
    counts = comparison.counts(tolerance_ang)
    if not counts.kept(keep):
        raise MatchingError(
            f"No particle of {comparison.species.name!r} would be left: at {tolerance_ang:g} Å "
            f"{counts.old:,} are only old, {counts.both:,} in both and {counts.new:,} only new; kept are: "
            f"{', '.join(keep) or 'none'}.",
            "Keep other sets, or change the tolerance.",
        )


def commit(comparison: Comparison, tolerance_ang: float, keep: Collection[str]) -> Committed:
    """Write the result as a new version of the species.

    Raises:
        MatchingError: see `refuse_empty`.
        ModelError, WriteError: see `versions.commit_particles`.
    """
    refuse_empty(comparison, tolerance_ang, keep)
    result = result_of(comparison, tolerance_ang, keep)
    species = commit_particles(comparison.species, result)
    changed = species.table_stamp != comparison.species.table_stamp
    return Committed(species, len(result), changed)
