"""Version texts, against values computed from their definition."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mtui.errors import ModelError
from mtui.model.particle_tables import read_m_particles, write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import load_population
from mtui.model.species import Species, load_species, species_document
from mtui.model.version_text import compute_version, same_as_written
from mtui.model.versions import load_particles
from tests.model.samples import make_particles, write_species


@pytest.fixture
def species(tmp_path: Path) -> Species:
    return write_species(tmp_path)


@pytest.fixture
def two() -> ParticleSet:
    return ParticleSet(
        positions_ang=np.array([[[100, 200, 300]], [[10.5, 20.25, 30.125]]], np.float32),
        angles_deg=np.array([[[0, 0, 0]], [[10, 20, 30]]], np.float32),
        half=np.zeros(2, np.int8),
        source_name=np.array(["a", "a"]),
        source_hash=np.array(["h", "h"]),
    )


def test_known_text(species: Species, two: ParticleSet) -> None:
    assert compute_version(species, two) == "RNDbhRHg"


def test_used_sources_count(species: Species, two: ParticleSet) -> None:
    root = species_document(species)
    entry = {"GUID": "0A1B2C3D-4e5f-6071-8293-a4b5c6d7e8f9", "Version": "Vabc"}
    ET.SubElement(root.findall("UsedDataSources")[0], "DataSource", entry)
    assert compute_version(replace(species, document=ET.tostring(root)), two) == "dfxClWbR"


def test_only_poses_and_maps_count(species: Species, two: ParticleSet) -> None:
    other = replace(
        two, half=1 - two.half, source_hash=np.array(["x", "y"]), extra=(("e", np.array(["1", "2"])),)
    )
    assert compute_version(species, other) == "RNDbhRHg"
    assert compute_version(species, two.select([1, 0])) != "RNDbhRHg"
    species.map_path("mask").write_bytes(species.map_path("half2").read_bytes())
    assert compute_version(species, two) != "RNDbhRHg"
    species.map_path("mask").unlink()
    with pytest.raises(ModelError, match=r"'apo F' cannot get a version: .*apoF_mask\.mrc does not exist"):
        compute_version(species, two)


poses = arrays(np.float32, (3, 1, 3), elements=st.floats(-5000, 5000, width=32))


@settings(max_examples=40, deadline=None)
@given(positions=poses, angles=poses)
def test_saving_and_loading_does_not_change_the_text(
    tmp_path_factory: pytest.TempPathFactory, positions: NDArray[np.float32], angles: NDArray[np.float32]
) -> None:
    folder = tmp_path_factory.mktemp("species")
    species = write_species(folder)
    particles = replace(make_particles(3), positions_ang=positions, angles_deg=angles)
    write_m_particles(folder / "b.star", particles)
    again = read_m_particles(folder / "b.star")
    assert compute_version(species, again) == compute_version(species, particles)
    assert same_as_written(again, particles)


def test_what_is_the_same_as_written() -> None:
    particles = replace(make_particles(3), extra=(("x", np.array(["", "a", "null"])),))
    nudged = replace(particles, positions_ang=particles.positions_ang + np.float32(1e-7))
    assert same_as_written(particles, nudged)
    assert same_as_written(particles, replace(particles, extra=(("x", np.array(["null", "a", "null"])),)))
    assert not same_as_written(particles, replace(particles, half=1 - particles.half))
    assert not same_as_written(particles, replace(particles, extra=()))
    assert not same_as_written(particles, particles.select([0, 1]))
    zeros = replace(particles, angles_deg=np.zeros((3, 1, 3), np.float32))
    assert not same_as_written(zeros, replace(zeros, angles_deg=-zeros.angles_deg)), (
        "-0.00000 is another text"
    )


@pytest.mark.shared
def test_real_species_have_the_text_in_their_files(shared: Path) -> None:
    population = load_population(shared / "data" / "empiar10499" / "mpneumoniae.population")
    for species in population.valid_species:
        assert compute_version(load_species(species.path), load_particles(species)) == species.version
