"""One species in detail: what it is, its half-sets, where its particles come from, its versions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtui.cli import output
from mtui.jobs.wording import plural
from mtui.model.particles import ParticleSet
from mtui.model.population import Population, SeriesRef
from mtui.model.species import Species
from mtui.model.versions import list_versions, load_particles


@dataclass(frozen=True, slots=True)
class SourceShare:
    """The particles of a species that come from one source."""

    name: str
    series: tuple[tuple[SeriesRef, int], ...]

    @property
    def particles(self) -> int:
        """Particles of all series."""
        return sum(count for _, count in self.series)


def show_details(population: Population, species: Species, as_json: bool) -> None:
    """Print one species; raises what loading its particles raises."""
    particles = load_particles(species)
    shares = share_by_source(population, particles)
    if as_json:
        output.write_json(_as_json(species, particles, shares))
        return
    for label, text in _lines(species, particles, shares):
        output.write_line(f"{label:<12} {text}".rstrip())
    output.write_line()
    rows = [(share.name, ref.name, f"{count:,}") for share in shares for ref, count in share.series]
    output.write_table(("Source", "Series", "Particles"), rows, right=(2,))


def share_by_source(population: Population, particles: ParticleSet) -> tuple[SourceShare, ...]:
    """How many particles come from each series, by source, in the order of the population."""
    counts = {name: len(rows) for name, rows in particles.rows_by_hash().items()}
    shares: dict[str, list[tuple[SeriesRef, int]]] = {source.guid: [] for source in population.valid_sources}
    for ref in population.series_by_hash().values():
        if ref.hash in counts:
            shares[ref.source.guid].append((ref, counts[ref.hash]))
    return tuple(SourceShare(source.name, tuple(shares[source.guid])) for source in population.valid_sources)


def _half_counts(particles: ParticleSet) -> tuple[int, int]:
    second = int(np.count_nonzero(particles.half))
    return len(particles) - second, second


def _lines(
    species: Species, particles: ParticleSet, shares: tuple[SourceShare, ...]
) -> list[tuple[str, str]]:
    first, second = _half_counts(particles)
    homeless = len(particles) - sum(share.particles for share in shares)
    lines = [
        ("Species", species.name),
        ("GUID", species.guid),
        ("Folder", str(species.folder)),
        ("Diameter", f"{species.diameter_ang} Å"),
        ("Weight", f"{species.weight_kda:f} kDa"),
        ("Symmetry", species.symmetry),
        ("Resolution", f"{species.resolution_ang:f} Å" if species.resolution_ang > 0 else "-"),
        ("Pixel, box", f"{species.angpix:f} Å/px, {species.box_px} px"),
        ("Poses", f"{species.temporal_movement} position, {species.temporal_rotation} rotation"),
        ("Particles", f"{len(particles):,}"),
        ("Half-sets", f"{first:,} / {second:,}"),
    ]
    lines += [
        ("Source", f"{share.name}: {len(share.series)} series, {share.particles:,}") for share in shares
    ]
    if homeless:
        lines.append(("! No source", plural(homeless, "particle")))
    lines.append(("Version", species.version or "-"))
    lines += [("Earlier", version) for version in _earlier_versions(species)]
    return lines


def _earlier_versions(species: Species) -> list[str]:
    return [version.name for version in list_versions(species) if version.name != species.version]


def _as_json(species: Species, particles: ParticleSet, shares: tuple[SourceShare, ...]) -> output.Json:
    first, second = _half_counts(particles)
    return {
        "name": species.name,
        "guid": species.guid,
        "path": str(species.path),
        "diameter_ang": species.diameter_ang,
        "weight_kda": float(species.weight_kda),
        "symmetry": species.symmetry,
        "resolution_ang": float(species.resolution_ang) if species.resolution_ang > 0 else None,
        "angpix": float(species.angpix),
        "box": species.box_px,
        "positions": species.temporal_movement,
        "rotations": species.temporal_rotation,
        "particles": len(particles),
        "half_sets": [first, second],
        "without_source": len(particles) - sum(share.particles for share in shares),
        "sources": [
            {
                "name": share.name,
                "particles": share.particles,
                "series": [{"name": ref.name, "particles": count} for ref, count in share.series],
            }
            for share in shares
        ],
        "version": species.version,
        "versions": _earlier_versions(species),
    }
