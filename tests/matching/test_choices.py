"""What a user may choose beyond M's dialog: rule, poses, tilt series, names, where the new set comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtui.errors import FormatError, InputError
from mtui.formats.star import read_star
from mtui.matching.intersect import Comparison, commit, result_of
from mtui.matching.matches import write_matches
from mtui.matching.name_rules import read_name_map
from mtui.model.particles import ParticleSet
from mtui.model.population import Population
from mtui.model.versions import commit_particles, list_versions, load_particles, restore_version
from tests.matching.test_intersect import (
    keeping,
    make_population,
    moved,
    own,
    relion_columns,
    run,
    write_new,
    write_relion,
)
from tests.model.relion_files import write_particles
from tests.model.samples import make_particles, write_species


@pytest.fixture
def population(tmp_path: Path) -> Population:
    """A species of 20 particles in three tilt series of one source."""
    return make_population(tmp_path, write_species(tmp_path / "species", make_particles(20)))


def on_a_line(*places_ang: float) -> ParticleSet:
    particles = make_particles(len(places_ang))
    places = np.array([[[100 + place, 0, 0]] for place in places_ang], np.float32)
    hashes = np.full(len(places_ang), "hash0")
    return replace(particles, positions_ang=places, source_hash=hashes, extra=())


def test_the_steal_under_both_rules(tmp_path: Path) -> None:
    population = make_population(tmp_path, write_species(tmp_path / "species", on_a_line(0, 10)))
    new = write_new(population, on_a_line(9, 19))
    by_m = run(population, m_star=new, tolerance=5.0)
    assert (by_m.counts(5.0).both, by_m.other_both) == (0, 1)
    gated = run(population, m_star=new, tolerance=5.0, rule="gated")
    assert (gated.counts(5.0).both, gated.other_both) == (1, 0)
    kept = result_of(gated, keeping(5.0, "both"))
    assert kept.positions_ang[:, 0, 0].tolist() == [110.0]


def test_poses_of_the_new_set(population: Population) -> None:
    old = own(population)
    turned = replace(moved(old, 2.0), angles_deg=old.angles_deg + np.float32(7), half=1 - old.half)
    found = run(population, m_star=write_new(population, turned))
    kept = result_of(found, keeping(10.0, "both", poses="new"))
    expected = turned.sorted_by_hash()
    np.testing.assert_allclose(kept.positions_ang, expected.positions_ang, atol=1e-3)
    np.testing.assert_allclose(kept.angles_deg, expected.angles_deg, atol=1e-3)
    # Which half a particle is in must not change while its map is refined.
    assert kept.half.tolist() == old.sorted_by_hash().half.tolist()
    assert kept.extra[0][1].tolist() == old.sorted_by_hash().extra[0][1].tolist()


@pytest.mark.parametrize("lowest", [False, True])
def test_the_better_pose(population: Population, lowest: bool) -> None:
    old = own(population)
    scores = [str(20 - number) if number % 2 else "null" for number in range(20)]
    new = replace(moved(old, 2.0), extra=(("aisFilamentID", np.array(scores)),))
    found = run(population, m_star=write_new(population, new), better_by="aisFilamentID")
    choice = keeping(10.0, "both", poses="better", better_by="aisFilamentID", lowest=lowest)
    kept = result_of(found, choice)
    order = np.argsort(old.source_hash, kind="stable")
    better = np.array([n % 2 == 1 and (20 - n < n if lowest else 20 - n > n) for n in range(20)])[order]
    shift = (kept.positions_ang - old.sorted_by_hash().positions_ang)[:, 0, 0]
    np.testing.assert_allclose(shift, np.where(better, 2.0, 0.0), atol=1e-3)
    assert better.any() and not better.all()


def test_better_needs_a_column_of_both(population: Population) -> None:
    found = run(population, m_star=write_new(population, moved(own(population), 1.0)))
    with pytest.raises(InputError, match="--better-by"):
        result_of(found, keeping(10.0, "both", poses="better"))
    with pytest.raises(InputError, match="no column 'nonsense'"):
        run(population, m_star=found.new.path, better_by="nonsense")
    relion = write_relion(population, own(population))
    with pytest.raises(InputError, match=r"relion\.star has no column 'nonsense'"):
        run(population, relion_star=relion, better_by="nonsense")


def test_only_one_series_is_compared_and_the_others_stay(population: Population) -> None:
    old = own(population)
    inside = old.source_hash == "hash1"
    new = old.select(np.flatnonzero(inside)[:2])
    found = run(population, m_star=write_new(population, new), only_series=("TS_1",))
    counts = found.counts(10.0)
    assert (counts.old, counts.both, counts.new) == (int(inside.sum()) - 2, 2, 0)
    kept = result_of(found, keeping(10.0, "both"))
    assert len(kept) == 2 + int((~inside).sum())
    assert commit(found, keeping(10.0, "both")).particles == len(kept)
    with pytest.raises(InputError, match=r"No source has a tilt series 'TS_77'.*TS_0"):
        run(population, m_star=found.new.path, only_series=("TS_77",))


def names_of(found: Comparison) -> dict[str, int]:
    assert found.new.names is not None
    return found.new.names.rules


def write_named(population: Population, change: str) -> Path:
    columns = relion_columns(own(population))
    names = [change.format(str(name).removesuffix(".tomostar")) for name in columns["rlnMicrographName"]]
    return write_particles(population.path.parent / "relion.star", columns | {"rlnMicrographName": names})


def test_names_are_stripped_matched_and_looked_up(population: Population, tmp_path: Path) -> None:
    path = write_named(population, "rec/rec_{}_ali.mrc")
    assert names_of(run(population, relion_star=path, strip_prefix="rec_", strip_suffix="_ali.mrc")) == {
        "name without the given prefix and suffix": 3
    }
    assert names_of(run(population, relion_star=path, name_pattern=r"rec_(TS_\d+)_")) == {"given pattern": 3}
    names = tmp_path / "names.txt"
    names.write_text("# table  series\nrec_TS_0_ali.mrc TS_0\nrec_TS_1_ali.mrc TS_1.tomostar\n")
    found = run(population, relion_star=path, name_map=names)
    assert names_of(found) == {"given list": 2}
    assert found.new.unmatched_rows == int((own(population).source_hash == "hash2").sum())


def test_a_pattern_that_cuts_a_name_short_finds_nothing_else(population: Population) -> None:
    path = write_named(population, "rec_{}0.mrc")
    with pytest.raises(Exception, match="rec_TS_00"):
        run(population, relion_star=path, name_pattern=r"TS_\d+")


def test_wrong_patterns_and_lists_are_refused(population: Population, tmp_path: Path) -> None:
    path = write_named(population, "rec_{}.mrc")
    with pytest.raises(InputError, match="is not a regular expression"):
        run(population, relion_star=path, name_pattern="(")
    names = tmp_path / "names.txt"
    names.write_text("a TS_0\nb TS_0 TS_1\n")
    with pytest.raises(FormatError, match=r"names\.txt, line 2: .* has 3 words"):
        read_name_map(names)
    names.write_text("a TS_0\na TS_1\n")
    with pytest.raises(FormatError, match="line 2: a is TS_1 here and TS_0 before"):
        read_name_map(names)
    with pytest.raises(InputError, match="cannot be read"):
        read_name_map(tmp_path / "none.txt")


def test_what_was_detected_can_be_overridden(population: Population) -> None:
    path = write_relion(
        population, own(population), rlnAngleRot=[30.0] * 20, rlnAngleTilt=[40.0] * 20, rlnAnglePsi=[0.0] * 20
    )
    detected = run(population, relion_star=path)
    assert np.any(detected.new.particles.angles_deg)
    stated = run(population, relion_star=path, angles="none", centre="corner", dialect="relion30")
    assert not np.any(stated.new.particles.angles_deg)
    assert stated.new.detection.centre == "the corner of the volume, as stated"
    middle = run(population, relion_star=path, centre="middle", coords_angpix="0.5")
    np.testing.assert_allclose(
        middle.new.particles.positions_ang[:, 0] - np.array(population.valid_sources[0].volume_ang) / 2,
        own(population).positions_ang[:, 0] / 4,
        atol=0.01,
    )


def test_an_offset_is_added_to_every_position(population: Population) -> None:
    path = write_relion(population, own(population))
    found = run(population, relion_star=path, centre_offset=-10.0)
    assert found.new.detection.centre == "the corner of the volume, -10 Å as stated"
    np.testing.assert_allclose(
        found.new.particles.positions_ang, own(population).positions_ang - 10, atol=1e-3
    )
    with pytest.raises(InputError, match=r"--centre-offset -10\.0 does not apply"):
        run(population, m_star=write_new(population, own(population)), centre_offset=-10.0)


def test_what_does_not_apply_to_tables_of_m_is_refused(population: Population) -> None:
    with pytest.raises(InputError, match=r"--strip-prefix rec_ does not apply to .*new\.star"):
        run(population, m_star=write_new(population, own(population)), strip_prefix="rec_")
    with pytest.raises(InputError, match=r"--source tilts more does not apply to .*new\.star"):
        run(population, m_star=write_new(population, own(population)), source=("tilts", "more"))


def test_matches_are_written(population: Population, tmp_path: Path) -> None:
    old = own(population)
    found = run(population, m_star=write_new(population, moved(old.select([3, 5, 7]), 4.0)))
    path = tmp_path / "matches.star"
    assert write_matches(path, found, 5.0) == 3
    table = read_star(path)["matches"]
    assert table.columns["mtuiOldParticle"].astype(int).tolist() == [4, 6, 8]
    distances = table.columns["mtuiDistanceAngst"].astype(float)
    np.testing.assert_allclose(distances, 4.0 * 3**0.5, atol=1e-3)
    assert set(table.columns["mtuiWithinTolerance"].astype(int).tolist()) == {0}
    assert write_matches(path, found, 7.0) == 3
    path.write_text("something else\n")
    with pytest.raises(InputError, match="is not a table of matches"):
        write_matches(path, found, 7.0)


def test_particles_that_drifted_are_dropped_by_the_first_version(population: Population) -> None:
    """The recipe: the first version as the new set, a tolerance, only what is in both."""
    first = population.valid_species[0]
    start = load_particles(first)
    drift = np.zeros_like(start.positions_ang)
    drift[:6, :, 0] = 40.0
    drift[6:, :, 0] = 2.0
    refined = commit_particles(first, replace(start, positions_ang=start.positions_ang + drift))
    now = replace(population, species=(refined,))
    folder = refined.versions_folder / refined.previous_version
    found = run(now, m_star=folder)
    done = commit(found, keeping(10.0, "both"))
    expected = refined.table_stamp != done.species.table_stamp
    assert expected and done.particles == 14
    left = load_particles(done.species)
    assert sorted(left.extra[0][1].astype(int).tolist()) == list(range(6, 20))
    assert [entry.particles for entry in list_versions(done.species)] == [14, 20, 20]
    back = restore_version(done.species, refined.version)
    assert len(load_particles(back)) == 20


def test_another_species_is_a_new_set(population: Population, tmp_path: Path) -> None:
    other = write_species(tmp_path / "other", own(population).select([0, 1, 2]))
    assert run(population, m_star=other.path).counts(0.0).both == 3
