"""A species' particles beside another set, and what is kept of both (M's particle-sets dialog)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from mtui.errors import InputError, MatchingError
from mtui.matching.distances import Counts, Distances
from mtui.matching.gated import pair_particles_within
from mtui.matching.names import EXAMPLES
from mtui.matching.new_set import NewSet, read_new_set
from mtui.matching.pairs import Pairs, pair_particles
from mtui.matching.scores import column_of, read_scores
from mtui.matching.sets import OLD, compose, sort_distances, within
from mtui.model.particles import ParticleSet, concatenate
from mtui.model.population import Population
from mtui.model.species import Species
from mtui.model.versions import commit_particles, load_particles
from mtui.settings import IntersectSettings


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two particle sets, paired one to one.

    Under M's rule any tolerance can be applied to it at once; under the gated one the pairs are those of one
    tolerance.
    """

    species: Species
    old: ParticleSet
    """The species' particles, of the tilt series that are compared."""
    untouched: ParticleSet
    """Its particles of other tilt series, which stay as they are."""
    new: NewSet
    new_particles: ParticleSet
    """Particles of the new set with the species' numbers of key frames."""
    pairs: Pairs
    distances: Distances
    other_both: int
    """Particles in both sets under the rule that was not chosen, at the tolerance of the settings."""

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
    """Pair a species' particles with those of the set in the settings, under M's rule or the gated one.

    Positions of the first key frame, in Å, are paired within each source hash.

    Raises:
        InputError: see `new_set.read_new_set` and `versions.load_particles`; a tilt series to compare is not
            in any source; poses shall be compared by a column that is not named, or that a table lacks.
    """
    if settings.poses == "better" and settings.better_by is None:
        raise _no_column()
    new = read_new_set(population, species, settings)
    everything = load_particles(species)
    if settings.better_by is not None:
        column_of(everything, settings.better_by)
    compared = _rows_of_series(population, everything, settings.only_series)
    old, untouched = everything.select(compared), everything.select(~compared)
    if settings.only_series:
        new = _restricted(new, _rows_of_series(population, new.particles, settings.only_series))
    resampled = new.particles.resampled(species.temporal_movement, species.temporal_rotation)
    sides = (old.positions_ang[:, 0], old.source_hash, resampled.positions_ang[:, 0], resampled.source_hash)
    by_rule = {
        "m": pair_particles(*sides),
        "gated": pair_particles_within(*sides, settings.tolerance),
    }
    pairs = by_rule.pop(settings.rule)
    (other,) = by_rule.values()
    sizes = (len(old), len(resampled))
    other_both = sort_distances(other, *sizes).counts(settings.tolerance).both
    return Comparison(
        species, old, untouched, new, resampled, pairs, sort_distances(pairs, *sizes), other_both
    )


def _rows_of_series(
    population: Population, particles: ParticleSet, names: tuple[str, ...]
) -> NDArray[np.bool_]:
    """``(N,)`` which particles belong to the named tilt series; all where none is named."""
    if not names:
        return np.ones(len(particles), np.bool_)
    known = population.series_by_hash()
    hashes: set[str] = set()
    for name in names:
        found = {key for key, ref in known.items() if name in (ref.name, ref.root)}
        if not found:
            examples = ", ".join(list(dict.fromkeys(ref.root for ref in known.values()))[:EXAMPLES])
            raise InputError(f"No source has a tilt series {name!r}.", f"Some that there are: {examples}.")
        hashes |= found
    return np.isin(particles.source_hash, sorted(hashes))


def _restricted(new: NewSet, rows: NDArray[np.bool_]) -> NewSet:
    better = None if new.better_by is None else new.better_by[rows]
    return replace(new, particles=new.particles.select(rows), better_by=better)


def takes_new_pose(
    comparison: Comparison, tolerance_ang: float, settings: IntersectSettings
) -> NDArray[np.bool_]:
    """``(P,)`` which pairs get the pose of their new particle.

    Raises:
        InputError: poses shall be compared by a column that a table lacks, or whose values are no numbers.
    """
    near = within(comparison.pairs, tolerance_ang)
    if settings.poses == "old":
        return np.zeros(len(near), np.bool_)
    if settings.poses == "new":
        return near
    column = settings.better_by
    if column is None or comparison.new.better_by is None:
        raise _no_column()
    old = read_scores(column_of(comparison.old, column), column, not settings.lowest)
    new = read_scores(comparison.new.better_by, column, not settings.lowest)
    pairs = comparison.pairs
    return np.asarray(near & (new[pairs.new_index] > old[pairs.old_index]))


def _no_column() -> InputError:
    return InputError("Which pose is better?", "Name a column of both tables with --better-by.")


def result_of(comparison: Comparison, settings: IntersectSettings) -> ParticleSet:
    """The particles that the settings keep, in M's order: old ones, new ones, sorted by source hash.

    Common particles are the old ones, with the pose that the settings ask for. Extra columns are those of
    both tables; a particle whose table lacks one has ``null`` there.

    Raises:
        InputError: see `takes_new_pose`.
    """
    chosen = compose(
        comparison.pairs,
        comparison.old.source_hash,
        comparison.new_particles.source_hash,
        settings.tolerance,
        settings.keep,
    )
    old = _with_poses(comparison, takes_new_pose(comparison, settings.tolerance, settings))
    old = old.select(chosen.index[chosen.side == OLD])
    new = comparison.new_particles.select(chosen.index[chosen.side != OLD])
    others = [part for part in (comparison.untouched, new) if len(part)]
    return reduce(concatenate, others, old).sorted_by_hash() if others else old


def _with_poses(comparison: Comparison, taken: NDArray[np.bool_]) -> ParticleSet:
    """The old particles, some with the pose of their partner."""
    if not taken.any():
        return comparison.old
    target, source = comparison.pairs.old_index[taken], comparison.pairs.new_index[taken]
    positions, angles = comparison.old.positions_ang.copy(), comparison.old.angles_deg.copy()
    positions[target] = comparison.new_particles.positions_ang[source]
    angles[target] = comparison.new_particles.angles_deg[source]
    return replace(comparison.old, positions_ang=positions, angles_deg=angles)


def refuse_empty(comparison: Comparison, settings: IntersectSettings) -> None:
    """Raises MatchingError where nothing would be left."""
    counts = comparison.counts(settings.tolerance)
    if not counts.kept(settings.keep) + len(comparison.untouched):
        raise MatchingError(
            f"No particle of {comparison.species.name!r} would be left: at {settings.tolerance:g} Å "
            f"{counts.old:,} are only old, {counts.both:,} in both and {counts.new:,} only new; kept are: "
            f"{', '.join(settings.keep) or 'none'}.",
            "Keep other sets, or change the tolerance.",
        )


def commit(comparison: Comparison, settings: IntersectSettings) -> Committed:
    """Write the result as a new version of the species.

    Raises:
        MatchingError: see `refuse_empty`.
        InputError: see `result_of`.
        ModelError, WriteError: see `versions.commit_particles`.
    """
    refuse_empty(comparison, settings)
    result = result_of(comparison, settings)
    species = commit_particles(comparison.species, result)
    changed = species.table_stamp != comparison.species.table_stamp
    return Committed(species, len(result), changed)
