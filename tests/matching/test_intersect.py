"""From two tables to a new version of the species."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from mtui.errors import FormatError, InputError, MatchingError
from mtui.matching.intersect import Comparison, commit, compare, result_of
from mtui.model.dialects import Dialect
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet, concatenate
from mtui.model.population import BrokenEntry, Population, load_population
from mtui.model.source import SourceFile
from mtui.model.species import Species
from mtui.model.versions import load_particles
from mtui.settings import IntersectSettings
from tests.model.relion_files import Columns, write_particles
from tests.model.samples import make_particles, make_source, write_species


@pytest.fixture
def population(tmp_path: Path) -> Population:
    """A species of 20 particles with an extra column, in three tilt series of one source."""
    species = write_species(tmp_path / "species", make_particles(20))
    return make_population(tmp_path, species)


def make_population(folder: Path, species: Species) -> Population:
    source = replace(make_source(folder / "ts.source"), dimensions_px=(Decimal(6000),) * 3)
    return Population(folder / "a.population", "a", (species,), (source,))


def run(population: Population, **settings: object) -> Comparison:
    species = population.valid_species[0]
    return compare(population, species, IntersectSettings(population.path, species.name, **settings))  # type: ignore[arg-type]


def keeping(tolerance_ang: float, *keep: str, **more: object) -> IntersectSettings:
    """Settings of what is kept; the sets are in the comparison."""
    return IntersectSettings(Path(), "", tolerance=tolerance_ang, keep=keep, **more)  # type: ignore[arg-type]


def own(population: Population) -> ParticleSet:
    return load_particles(population.valid_species[0])


def write_new(population: Population, particles: ParticleSet) -> Path:
    path = population.path.parent / "new.star"
    write_m_particles(path, particles)
    return path


def moved(particles: ParticleSet, by_ang: float) -> ParticleSet:
    return replace(particles, positions_ang=particles.positions_ang + np.float32(by_ang))


def relion_columns(particles: ParticleSet, angpix: float = 2.0) -> Columns:
    positions = particles.positions_ang[:, 0] / angpix
    return {
        "rlnMicrographName": particles.source_name.tolist(),
        **{f"rlnCoordinate{axis}": positions[:, place].tolist() for place, axis in enumerate("XYZ")},
        "rlnPixelSize": [angpix] * len(particles),
    }


def write_relion(population: Population, particles: ParticleSet, **more: list[object]) -> Path:
    return write_particles(population.path.parent / "relion.star", relion_columns(particles) | more)


def test_identical_sets_are_all_in_both(population: Population) -> None:
    found = run(population, m_star=population.valid_species[0].particles_path)
    assert found.counts(0.0).both == 20
    assert result_of(found, keeping(10.0, "both")).same_as(own(population).sorted_by_hash())


def test_common_particles_are_the_old_ones(population: Population) -> None:
    old = own(population)
    new = moved(old.select([4, 2, 9]), 1.0)
    found = run(population, m_star=write_new(population, replace(new, half=1 - new.half)))
    assert found.counts(10.0).both == 3
    assert found.half_conflicts(10.0) == 3
    assert found.half_conflicts(1.0) == 0
    assert result_of(found, keeping(10.0, "both")).same_as(old.select([2, 4, 9]).sorted_by_hash())


def test_new_rows_get_null_in_extra_columns(population: Population) -> None:
    stranger = replace(moved(own(population).select([0]), 500.0), extra=(("myScore", np.array(["7"])),))
    found = run(population, m_star=write_new(population, stranger))
    kept = result_of(found, keeping(10.0, "old", "both", "new"))
    assert len(kept) == 21
    extra = dict(kept.extra)
    assert sorted(extra["aisFilamentID"].tolist()) == sorted([*map(str, range(20)), "null"])
    assert sorted(extra["myScore"].tolist()) == ["7"] + ["null"] * 20
    only_old = result_of(found, keeping(10.0, "old"))
    assert [name for name, _ in only_old.extra] == ["aisFilamentID"]


def test_rows_are_old_then_new_by_hash(population: Population) -> None:
    old = own(population)
    found = run(population, m_star=write_new(population, moved(old.select([5, 3, 0]), 700.0)))
    kept = result_of(found, keeping(10.0, "old", "both", "new"))
    assert kept.source_hash.tolist() == sorted(kept.source_hash.tolist())
    expected = concatenate(old, replace(moved(old.select([5, 3, 0]), 700.0), extra=())).sorted_by_hash()
    np.testing.assert_allclose(kept.positions_ang, expected.positions_ang, atol=1e-4)


def test_new_particles_get_the_species_key_frames(tmp_path: Path) -> None:
    species = write_species(tmp_path / "species", make_particles(6, keys=3))
    population = Population(
        tmp_path / "a.population", "a", (species,), (make_source(tmp_path / "ts.source"),)
    )
    one_key = moved(make_particles(4, keys=1, seed=5), 0.0)
    found = run(population, m_star=write_new(population, one_key))
    assert (found.new_particles.movement, found.new_particles.rotation) == (3, 3)
    first = found.new_particles.positions_ang[:, 0]
    np.testing.assert_allclose(found.new_particles.positions_ang[:, 2], first)
    committed = commit(found, keeping(10.0, "old", "both", "new"))
    assert committed.particles == len(load_particles(committed.species)) == 10


def test_the_first_key_frame_counts(tmp_path: Path) -> None:
    old = make_particles(3, keys=2)
    species = write_species(tmp_path / "species", old)
    population = Population(
        tmp_path / "a.population", "a", (species,), (make_source(tmp_path / "ts.source"),)
    )
    keys = old.positions_ang.copy()
    keys[:, 1] += 300
    found = run(population, m_star=write_new(population, replace(old, positions_ang=keys)))
    assert found.counts(1.0).both == 3


def test_a_relion_table_is_matched_by_name(population: Population) -> None:
    old = own(population)
    names = np.char.add("tomograms/", np.char.replace(old.source_name, ".tomostar", "_10.00Apx.mrc"))
    strays = replace(old, source_name=np.where(np.arange(20) < 3, "TS_10.mrc", names))
    found = run(population, relion_star=write_relion(population, strays))
    assert found.new.detection.dialect is Dialect.RELION30
    assert (found.new.n_rows, found.new.unmatched_rows, found.distances.n_new) == (20, 3, 17)
    assert found.new.names is not None
    assert found.new.names.unmatched == ("TS_10.mrc",)
    assert found.counts(0.01).both == 17
    assert found.new_particles.source_hash.tolist() == old.source_hash[3:].tolist()
    assert found.new_particles.half.tolist() == [0, 1] * 8 + [0]
    assert found.half_conflicts(1.0) == 0


def test_strict_names_refuse_any_unknown_row(population: Population) -> None:
    old = own(population)
    strays = replace(old, source_name=np.where(np.arange(20) < 3, "TS_10.mrc", old.source_name))
    path = write_relion(population, strays)
    with pytest.raises(MatchingError, match=r"3 of 20 rows .*TS_10\.mrc.*TS_0\.tomostar") as caught:
        run(population, relion_star=path, strict_names=True)
    assert "--strict-names" in caught.value.hint


def test_no_known_row_at_all_is_refused(population: Population) -> None:
    strays = replace(own(population), source_name=np.full(20, "grid_9"))
    with pytest.raises(MatchingError, match=r"20 of 20 rows .* The table has grid_9; the sources have TS_0"):
        run(population, relion_star=write_relion(population, strays))


def with_twin(population: Population) -> Population:
    """The same names again in a second source."""
    files = tuple(SourceFile(f"twin{number}", f"TS_{number}.tomostar") for number in range(3))
    twin = replace(population.valid_sources[0], name="twin", files=files)
    return replace(population, sources=(*population.sources, twin))


def test_sources_are_chosen(population: Population) -> None:
    both = with_twin(population)
    path = write_relion(population, own(population))
    with pytest.raises(MatchingError, match="ambiguous"):
        run(both, relion_star=path)
    assert run(both, relion_star=path, source=("ts",)).counts(1.0).both == 20
    assert run(both, relion_star=path, source=("twin",)).counts(1.0).both == 0
    with pytest.raises(InputError, match="no source 'nobody'") as caught:
        run(both, relion_star=path, source=("nobody",))
    assert "'ts', 'twin'" in caught.value.hint


def test_a_broken_source_is_only_in_the_way_where_it_is_used(population: Population) -> None:
    broken = BrokenEntry(
        "guid", population.path.parent / "gone.source", FormatError("gone is broken.", "Mend it.")
    )
    damaged = replace(population, sources=(*population.sources, broken))
    path = write_relion(population, own(population))
    with pytest.raises(InputError, match="gone is broken") as caught:
        run(damaged, relion_star=path)
    assert "--source" in caught.value.hint
    assert run(damaged, relion_star=path, source=("ts",)).counts(1.0).both == 20
    assert run(damaged, m_star=write_new(population, own(population))).counts(1.0).both == 20


def test_rows_of_unknown_hashes_count_as_only_new(population: Population) -> None:
    new = replace(own(population), source_hash=np.full(20, "unknown"))
    found = run(population, m_star=write_new(population, new))
    assert found.counts(10.0).new == 20
    assert "20 rows carry source hashes" in found.new.detection.warnings[0]


def test_stated_pixel_sizes_are_used(population: Population) -> None:
    path = write_relion(population, own(population), rlnPixelSize=[3.0] * 20)
    assert run(population, relion_star=path, coords_angpix=Decimal(2)).counts(0.01).both == 20
    with pytest.raises(InputError, match="--coords-angpix 2 does not apply"):
        run(population, m_star=path, coords_angpix=Decimal(2))


def test_the_wrong_kind_of_table_names_the_right_flag(population: Population) -> None:
    with pytest.raises(FormatError, match="particle table of M") as caught:
        run(population, relion_star=write_new(population, own(population)))
    assert "--m-star" in caught.value.hint
    with pytest.raises(FormatError, match="not a particle table of M"):
        run(population, m_star=write_relion(population, own(population)))


@pytest.mark.parametrize("both", [False, True])
def test_exactly_one_set_is_compared(population: Population, both: bool) -> None:
    path = write_new(population, own(population))
    paths = {"m_star": path, "relion_star": path} if both else {}
    with pytest.raises(InputError, match="must be one table"):
        run(population, **paths)


def test_an_empty_result_is_refused(population: Population) -> None:
    found = run(population, m_star=write_new(population, moved(own(population), 900.0)))
    with pytest.raises(MatchingError, match="would be left: at 1 Å 20 are only old, 0 in both"):
        commit(found, keeping(1.0, "both"))


def test_particles_that_drifted_are_dropped_with_an_earlier_version(population: Population) -> None:
    first = run(population, m_star=write_new(population, moved(own(population), 0.5)))
    once = commit(first, keeping(0.1, "old"))
    assert not once.changed or once.particles == 20
    drifted = own(population).sorted_by_hash()
    far = np.where(np.arange(20) % 4 == 0, 50.0, 1.0).astype(np.float32)
    refined = replace(drifted, positions_ang=drifted.positions_ang + far[:, None, None])
    now = replace(population, species=(once.species,))
    second = commit(run(now, m_star=write_new(now, refined)), keeping(0.1, "new"))
    now = replace(population, species=(second.species,))
    versions = second.species.versions_folder
    folder = next(path for path in versions.iterdir() if path.name == second.species.previous_version)
    third = commit(run(now, m_star=folder), keeping(10.0, "both"))
    assert third.particles == 15
    same = run(replace(now, species=(third.species,)), m_star=folder / second.species.path.name)
    assert (same.distances.n_old, same.distances.n_new) == (15, 20)
    assert same.counts(10.0).both == 15


def test_real_sets_give_the_counts_of_their_truth(shared: Path) -> None:
    folder = shared / "data" / "empiar10499"
    population = load_population(folder / "mpneumoniae.population")
    species = population.find_species("ribosome70s")
    truth = json.loads((folder / "sets" / "truth.json").read_text())
    for name, expected in truth.items():
        kind = "m_star" if name.startswith("m_") else "relion_star"
        settings = IntersectSettings(population.path, species.name, **{kind: folder / "sets" / name})
        found = compare(population, species, settings)
        counts = {tolerance: found.counts(float(tolerance)).both for tolerance in ("5", "10", "20", "30")}
        assert counts == expected["matched_within"]
        near = {(old, new) for old, new in zip(found.pairs.old_index, found.pairs.new_index, strict=True)}
        assert sum(tuple(pair) in near for pair in expected["true_pairs"]) >= 130
