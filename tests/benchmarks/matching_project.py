"""A project whose species has many particles: what a whole ``mtui intersect`` needs, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.formats.mrc import write_mrc
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import Population, save_population
from mtui.model.source import DataSource, SourceFile, save_source
from mtui.model.species import Species, save_species

Floats = NDArray[np.float64]
ANGPIX = Decimal(10)
PER_SERIES = 1000
EDGE_PX = 300
Scene = Callable[[int, int], tuple[Floats, Floats]]


def write_project(folder: Path, particles: int, scene: Scene) -> tuple[Path, Path]:
    """Write a population of as many particles in series of 1,000, and a second table of M; returns both."""
    series = max(1, particles // PER_SERIES)
    parts = [scene(PER_SERIES, seed) for seed in range(series)]
    species, source = _write_species(folder / "species"), _source(folder, series)
    population = Population(folder / "large.population", "large", (species,), (source,))
    save_source(source)
    save_population(population)
    write_m_particles(species.particles_path, _set([old for old, _ in parts]))
    new = folder / "new.star"
    write_m_particles(new, _set([new for _, new in parts]))
    return population.path, new


def _set(parts: list[Floats]) -> ParticleSet:
    series = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    positions = np.concatenate(parts)[:, None].astype(np.float32)
    numbers = np.char.zfill(series.astype(np.str_), 5)
    return ParticleSet(
        positions_ang=positions,
        angles_deg=np.zeros_like(positions),
        half=(np.arange(len(positions)) % 2).astype(np.int8),
        source_name=np.char.add(np.char.add("TS_", numbers), ".tomostar"),
        source_hash=np.char.add("hash", numbers),
    )


def _source(folder: Path, series: int) -> DataSource:
    files = tuple(SourceFile(f"hash{number:05d}", f"TS_{number:05d}.tomostar") for number in range(series))
    edge = Decimal(EDGE_PX)
    (folder / "tilts").mkdir(parents=True)
    path = folder / "tilts" / "large.source"
    return DataSource(path, str(uuid.uuid4()), "large", "", "", False, ANGPIX, (edge, edge, edge), -1, files)


def _write_species(folder: Path) -> Species:
    species = Species(
        path=folder / "large.species",
        guid=str(uuid.uuid4()),
        name="large",
        version="",
        previous_version="",
        dont_version=False,
        angpix=ANGPIX,
        weight_kda=Decimal(100),
        diameter_ang=200,
        symmetry="C1",
        temporal_movement=1,
        temporal_rotation=1,
        resolution_ang=Decimal(-1),
        bfactor_ang2=0,
        data_stem="large",
    )
    folder.mkdir(parents=True)
    save_species(species)
    for kind in ("half1", "half2", "mask"):
        write_mrc(species.map_path(kind), np.ones((8, 8, 8), np.float32), float(ANGPIX), half=False)
    return species
