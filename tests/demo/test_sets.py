from __future__ import annotations

import numpy as np
import pytest

from mtui.demo.pairing import counts_by_tolerance, pair_distances
from mtui.demo.project import DemoProject
from mtui.demo.truth import load_truth
from mtui.formats.star import read_star
from mtui.model.particle_tables import read_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import load_population
from mtui.model.versions import load_particles

Positions = tuple[np.ndarray, list[str]]


def positions_of(project: DemoProject, name: str) -> Positions:
    """Positions in Å and series names, read from the file by the rules of its format."""
    path = project.sets / name
    if name.endswith("_m.star"):
        particles = read_m_particles(path)
        return particles.positions_ang[:, 0].astype(np.float64), particles.source_name.tolist()
    tables = read_star(path)
    table = tables.get("particles") or tables[""]
    xyz = np.stack([table.numbers(f"rlnCoordinate{axis}") for axis in "XYZ"], axis=-1)
    names = [text.rpartition("/")[2] for text in table.texts("rlnMicrographName").tolist()]
    if "optics" in tables:
        origin = np.stack([table.numbers(f"rlnOrigin{axis}Angst") for axis in "XYZ"], axis=-1)
        return xyz * tables["optics"].numbers("rlnImagePixelSize")[0] - origin, names
    origin = np.stack([table.numbers(f"rlnOrigin{axis}") for axis in "XYZ"], axis=-1)
    angpix = table.numbers("rlnDetectorPixelSize") * 1e4 / table.numbers("rlnMagnification")
    return (xyz - origin) * angpix[:, None], names


def species_particles(project: DemoProject, name: str) -> ParticleSet:
    return load_particles(load_population(project.population).find_species(name))


SETS = ("anchor_m.star", "anchor_relion30.star", "anchor_relion31.star", "slowdrifter_m.star")


@pytest.mark.parametrize("name", SETS)
def test_the_recorded_truth_is_that_of_the_file(demo_project: DemoProject, name: str) -> None:
    truth = load_truth(demo_project.truth).sets[name]
    old = species_particles(demo_project, truth.species)
    new_ang, new_series = positions_of(demo_project, name)
    old_ang = old.positions_ang[:, 0].astype(np.float64)
    assert truth.rows == len(new_ang)
    assert truth.unmatched_rows == sum(series not in set(old.source_name) for series in new_series)
    for row, index in truth.pairs:
        assert np.linalg.norm(old_ang[row] - new_ang[index]) < 40
        assert old.source_name[row] == new_series[index]
    distances = pair_distances(old_ang, old.source_name.tolist(), new_ang, new_series)
    known = truth.rows - truth.unmatched_rows
    assert counts_by_tolerance(distances, len(old), known) == truth.counts
    assert truth.counts["20"]["both"] == pytest.approx(len(truth.pairs), abs=2)


@pytest.mark.parametrize("name", SETS)
def test_no_distance_sits_on_a_tolerance(demo_project: DemoProject, name: str) -> None:
    truth = load_truth(demo_project.truth).sets[name]
    old = species_particles(demo_project, truth.species)
    new_ang, new_series = positions_of(demo_project, name)
    distances = pair_distances(
        old.positions_ang[:, 0].astype(np.float64), old.source_name.tolist(), new_ang, new_series
    )
    for tolerance in (5, 10, 20, 30):
        assert np.abs(distances - tolerance).min() > 1e-3


def test_pairs_have_the_least_total_distance() -> None:
    old, new = np.zeros((2, 3)), np.zeros((2, 3))
    old[:, 0], new[:, 0] = (0, 10), (9, 19)
    assert pair_distances(old, ["a", "a"], new, ["a", "a"]).tolist() == [9, 9]
    assert pair_distances(old, ["a", "b"], new, ["b", "a"]).tolist() == [19, 1]
    assert pair_distances(old, ["a", "a"], new, ["c", "c"]).tolist() == []
