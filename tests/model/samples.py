"""Small model objects for tests, and strategies that make arbitrary ones."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mtui.formats.mrc import write_mrc
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.source import DataSource, SourceFile
from mtui.model.species import Species, load_species, save_species

GUID = "1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b"
OTHER_GUID = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9"

guids = st.uuids().map(str)
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)
file_names = st.text("abcXYZ019 ._-#ä", min_size=1, max_size=8).filter(lambda text: text.strip(". ") == text)
tokens = st.text(st.characters(codec="ascii", exclude_categories=("Cc", "Z")), min_size=1, max_size=8).filter(
    lambda text: text[0] not in "#'\""
)
positive = st.decimals("0.0001", "9999", allow_nan=False, places=4)
decimals = st.decimals("-1000", "1000", allow_nan=False, places=3)


def make_particles(count: int, keys: int = 1, seed: int = 0) -> ParticleSet:
    """Random particles in three tilt series."""
    rng = np.random.default_rng(seed)
    series = rng.integers(0, 3, count)
    return ParticleSet(
        positions_ang=rng.uniform(0, 4000, (count, keys, 3)).astype(np.float32),
        angles_deg=rng.uniform(-180, 180, (count, keys, 3)).astype(np.float32),
        half=(np.arange(count) % 2).astype(np.int8),
        source_name=np.array([f"TS_{i}.tomostar" for i in series], np.str_),
        source_hash=np.array([f"hash{i}" for i in series], np.str_),
        extra=(("aisFilamentID", np.arange(count).astype(np.str_)),),
    )


def make_species(
    path: Path, guid: str = GUID, name: str = "apo F", version: str = "", keys: int = 1
) -> Species:
    """A species as it would be before it is saved."""
    return Species(
        path=path,
        guid=guid,
        name=name,
        version=version,
        previous_version="",
        dont_version=False,
        angpix=Decimal("2.5"),
        weight_kda=Decimal(100),
        diameter_ang=165,
        symmetry="O",
        temporal_movement=keys,
        temporal_rotation=keys,
        resolution_ang=Decimal("4.10"),
        bfactor_ang2=-60,
        data_stem=name.replace(" ", ""),
    )


def write_species(
    folder: Path, particles: ParticleSet | None = None, name: str = "apo F", guid: str = GUID
) -> Species:
    """A species on disk, with maps, committed for the first time by nobody: its version text is empty."""
    particles = make_particles(6) if particles is None else particles
    folder.mkdir(parents=True, exist_ok=True)
    species = make_species(folder / "any name.species", guid, name, keys=particles.movement)
    for kind, value in (("half1", 0.0), ("half2", 1.0), ("mask", 0.5)):
        write_mrc(species.map_path(kind), np.full((8, 8, 8), value, np.float32), 2.5, half=False)
    write_m_particles(species.particles_path, particles)
    save_species(species)
    return load_species(species.path)


def make_source(
    path: Path, guid: str = OTHER_GUID, files: tuple[SourceFile, ...] | None = None
) -> DataSource:
    """A source as it would be before it is saved."""
    listed = tuple(SourceFile(f"hash{i}", f"TS_{i}.tomostar") for i in range(3)) if files is None else files
    return DataSource(
        path=path,
        guid=guid,
        name="ts",
        version="",
        previous_version="",
        dont_version=False,
        angpix=Decimal("0.834"),
        dimensions_px=(Decimal(4000), Decimal(5700), Decimal(1000)),
        frame_limit=41,
        files=listed,
    )


@st.composite
def particle_sets(draw: st.DrawFn, max_size: int = 5) -> ParticleSet:
    """Arbitrary particles whose poses survive being written with five decimals."""
    count, movement, rotation = (
        draw(st.integers(1, max_size)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
    )
    extra = draw(st.lists(tokens.filter(lambda name: not name.startswith("wrp")), unique=True, max_size=2))

    def poses(keys: int) -> NDArray[np.float32]:
        whole = draw(arrays(np.int64, (count, keys, 3), elements=st.integers(-(10**8), 10**8)))
        return (whole / 1e5).astype(np.float32)

    def texts() -> NDArray[np.str_]:
        return np.array(draw(st.lists(tokens, min_size=count, max_size=count)), np.str_)

    return ParticleSet(
        positions_ang=poses(movement),
        angles_deg=poses(rotation),
        half=draw(arrays(np.int8, count, elements=st.integers(0, 1))),
        source_name=texts(),
        source_hash=texts(),
        extra=tuple((name, texts()) for name in extra),
    )
