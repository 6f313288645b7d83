"""A small M project without images: what the app shows and plans from tables alone."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import Path

import numpy as np

from mtui.formats.mrc import write_mrc
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import BrokenEntry, Population, save_population
from mtui.model.source import DataSource, SourceFile, save_source
from mtui.model.species import Species, save_species

SIZES = {"apoferritin": 120, "ribosome": 48, "70S empty": 9}
SERIES = {"TS_set1": ("TS_01", "TS_02", "TS_03"), "TS_set2": ("TS_11", "TS_12")}


def write_project(folder: Path) -> Path:
    """Write a population of three species and two sources; gives the .population file."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = tuple(_write_source(folder, name) for name in SERIES)
    species = tuple(_write_species(folder, name, sources) for name in SIZES)
    population = Population(folder / "ery.population", "ery", species, sources)
    save_population(population)
    return population.path


def break_species(path: Path, name: str) -> None:
    """Damage the file of a species."""
    next(path.parent.glob(f"species/{name}_*/*.species")).write_text("<Species")


def _guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _write_source(folder: Path, name: str) -> DataSource:
    source = DataSource(
        path=folder / name / f"{name}.source",
        guid=_guid(name),
        name=name,
        version="",
        previous_version="",
        dont_version=False,
        angpix=Decimal("1.0000"),
        dimensions_px=(Decimal(4000), Decimal(4000), Decimal(1000)),
        frame_limit=-1,
        files=tuple(SourceFile(f"{_guid(root)[:16]}", f"{root}.tomostar") for root in SERIES[name]),
    )
    source.path.parent.mkdir()
    save_source(source)
    return source


def _write_species(folder: Path, name: str, sources: tuple[DataSource, ...]) -> Species | BrokenEntry:
    safe = name.replace(" ", "")
    species = Species(
        path=folder / "species" / f"{safe}_{_guid(name)[:8]}" / f"{safe}.species",
        guid=_guid(name),
        name=name,
        version="3f2a91c0",
        previous_version="9ab1772e",
        dont_version=False,
        angpix=Decimal("1.0000"),
        weight_kda=Decimal(440),
        diameter_ang=130,
        symmetry="O",
        temporal_movement=2,
        temporal_rotation=1,
        resolution_ang=Decimal("3.1"),
        bfactor_ang2=-62,
        data_stem=safe,
    )
    species.path.parent.mkdir(parents=True)
    save_species(species)
    write_m_particles(species.particles_path, make_particles(SIZES[name], sources))
    for kind in ("half1", "half2", "mask"):
        write_mrc(species.map_path(kind), np.ones((4, 4, 4), np.float32), 1.0)
    return species


def make_particles(count: int, sources: tuple[DataSource, ...]) -> ParticleSet:
    """Particles all over the series, the same ones every time."""
    generator = np.random.default_rng(count)
    files = [file for source in sources for file in source.files]
    chosen = [files[index % len(files)] for index in range(count)]
    positions = generator.uniform(200, 3800, (count, 1, 3)) * np.array([1, 1, 0.25])
    return ParticleSet(
        positions_ang=np.repeat(positions, 2, axis=1).astype(np.float32),
        angles_deg=generator.uniform(0, 180, (count, 1, 3)).astype(np.float32),
        half=(np.arange(count) % 2).astype(np.int8),
        source_name=np.array([file.name for file in chosen]),
        source_hash=np.array([file.hash for file in chosen]),
    )
