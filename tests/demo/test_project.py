from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from mtui.demo.fsc import compute_fsc
from mtui.demo.phantom import sample_phantom
from mtui.demo.project import DemoProject, find_demo, write_demo
from mtui.demo.truth import load_truth
from mtui.errors import InputError
from mtui.formats.hashing import hash_series
from mtui.formats.mrc import read_header, read_volume
from mtui.model.population import Population, load_population
from mtui.model.tilt_images import locate_tilt_images
from mtui.model.tilt_series import TiltSeries, load_tilt_series
from mtui.model.version_text import compute_version
from mtui.model.versions import load_particles


@pytest.fixture(scope="module")
def population(demo_project: DemoProject) -> Population:
    return load_population(demo_project.population)


@pytest.fixture(scope="module")
def series(population: Population) -> dict[str, TiltSeries]:
    return {ref.root: load_tilt_series(ref) for ref in population.series_by_hash().values()}


def test_the_population_has_what_it_promises(population: Population) -> None:
    assert [source.name for source in population.valid_sources] == ["grid", "lamella"]
    assert [len(source.files) for source in population.valid_sources] == [3, 2]
    still, moving = population.valid_species
    assert (still.name, still.box_px, still.temporal_movement) == ("anchor", 32, 1)
    assert (moving.name, moving.box_px, moving.temporal_movement) == ("slow drifter", 28, 3)
    assert moving.data_stem == "slowdrifter"


def test_the_series_differ_as_they_should(series: dict[str, TiltSeries]) -> None:
    counts = {root: len(entry.geometry.angles_deg) for root, entry in series.items()}
    assert counts == {"grid_01": 41, "grid_02": 35, "grid_03": 33, "lamella_1": 37, "lamella_2": 21}
    assert [root for root, entry in series.items() if entry.geometry.angles_inverted] == ["lamella_1"]
    unused = {root: int((~entry.geometry.use_tilt).sum()) for root, entry in series.items()}
    assert unused == {"grid_01": 0, "grid_02": 2, "grid_03": 0, "lamella_1": 0, "lamella_2": 0}
    stretched = [
        root for root, entry in series.items() if not np.array_equal(entry.geometry.magnification, np.eye(2))
    ]
    assert stretched == ["lamella_2"]
    assert [root for root, entry in series.items() if entry.data_directory] == ["lamella_1", "lamella_2"]


def test_every_series_is_warped_and_leveled(series: dict[str, TiltSeries]) -> None:
    for entry in series.values():
        geometry = entry.geometry
        assert np.ptp(geometry.movement_x.values, axis=(1, 2)).max() > 5
        assert np.ptp(geometry.warp_z.values) > 20
        assert np.ptp(geometry.angle_y.values) > 1
        assert geometry.level_angle_x_deg > 1
        assert geometry.level_angle_y_deg < -1
        assert (np.diff(geometry.angles_deg) > 0).all()
        assert not (np.diff(geometry.dose) > 0).all()
        assert geometry.dose[0] > 0.8 * geometry.dose.max()


def test_images_are_where_the_metadata_say(series: dict[str, TiltSeries]) -> None:
    for root, entry in series.items():
        images = locate_tilt_images(entry)
        assert len(images) == len(entry.geometry.angles_deg)
        for image in images:
            assert read_header(image.average).angpix == pytest.approx(4.0)
        raw = images[0].raw
        if root == "lamella_2":
            assert raw is None or not raw.is_file()
        else:
            assert raw is not None
            expected = (1022, 934, 1) if root == "lamella_1" else (646, 590, 1)
            assert read_header(raw).size_px == expected


def test_hashes_are_those_of_the_raw_movies(population: Population, series: dict[str, TiltSeries]) -> None:
    for key, ref in population.series_by_hash().items():
        image = locate_tilt_images(series[ref.root])[0]
        movie = image.average if ref.root == "lamella_2" else image.raw
        assert movie is not None
        assert key == hash_series(ref.root, movie)


def test_particles_carry_the_hashes_in_ordinal_order_and_the_version_is_theirs(
    population: Population,
) -> None:
    for species in population.valid_species:
        particles = load_particles(species)
        assert set(particles.source_hash) == set(population.series_by_hash())
        assert sorted(particles.source_hash) == particles.source_hash.tolist()
        assert species.version == compute_version(species, particles)
        assert particles.half.tolist().count(0) == len(particles) / 2


def test_maps_show_the_truth(population: Population, demo_project: DemoProject) -> None:
    truth = load_truth(demo_project.truth)
    for species in population.valid_species:
        entry = truth.species[species.name]
        density = sample_phantom(entry.phantom, species.box_px, float(species.angpix))
        half1, half2, mask = (read_volume(species.map_path(kind)) for kind in ("half1", "half2", "mask"))
        assert compute_fsc(half1, half2)[1 : species.box_px // 4].min() > 0.8
        assert compute_fsc(half1 + half2, density)[1 : species.box_px // 4].min() > 0.9
        assert mask.min() == 0
        assert mask.max() == 1
        assert (density * mask).sum() > 0.95 * density.sum()
        assert read_header(species.map_path("half1")).mode == 2


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".mtui" not in path.parts
    }


def test_one_seed_gives_one_project(demo_project: DemoProject, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "again")
    assert digest(again.folder) == digest(demo_project.folder)


def test_it_is_small(demo_project: DemoProject) -> None:
    files = [path for path in demo_project.folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 100e6


def test_it_is_not_written_over_anything(tmp_path: Path) -> None:
    kept = tmp_path / "thesis.txt"
    kept.write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        write_demo(tmp_path)
    with pytest.raises(InputError, match="not an empty folder"):
        write_demo(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_complete_project_is_found_again(demo_project: DemoProject, tmp_path: Path) -> None:
    assert find_demo(demo_project.folder) == demo_project
    assert find_demo(tmp_path) is None
