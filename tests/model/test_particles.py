"""Particle sets in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.model.particles import ParticleSet, concatenate, group_codes
from tests.model.samples import make_particles, particle_sets


def test_select_takes_rows_in_order_or_by_mask() -> None:
    particles = make_particles(5)
    chosen = particles.select([3, 1, 3])
    np.testing.assert_array_equal(chosen.positions_ang, particles.positions_ang[[3, 1, 3]])
    assert chosen.extra[0][1].tolist() == ["3", "1", "3"]
    mask = np.array([True, False, False, True, False])
    assert particles.select(mask).same_as(particles.select([0, 3]))
    assert len(particles.select([])) == 0


def test_concatenate_fills_missing_columns_with_null() -> None:
    first, second = make_particles(2), make_particles(3, seed=1)
    second = replace(second, extra=(("score", np.array(["0.1", "0.2", "0.3"])),))
    joined = concatenate(first, second)
    assert len(joined) == 5
    assert {name: values.tolist() for name, values in joined.extra} == {
        "aisFilamentID": ["0", "1", "null", "null", "null"],
        "score": ["null", "null", "0.1", "0.2", "0.3"],
    }
    assert joined.select(range(2)).positions_ang.tolist() == first.positions_ang.tolist()
    with pytest.raises(ValueError, match="key frames"):
        concatenate(first, make_particles(2, keys=3))


def test_sorting_is_ordinal_and_stable() -> None:
    hashes = np.array(["b", "_", "B", "a", "b", "-", "0", "B"])
    particles = replace(make_particles(8), source_hash=hashes)
    ordered = particles.sorted_by_hash()
    assert ordered.source_hash.tolist() == ["-", "0", "B", "B", "_", "a", "b", "b"]
    assert ordered.extra[0][1].tolist() == ["5", "6", "2", "7", "1", "3", "0", "4"]


@settings(max_examples=50, deadline=None)
@given(particle_sets())
def test_rows_by_hash_is_a_partition(particles: ParticleSet) -> None:
    rows = particles.rows_by_hash()
    assert list(rows) == sorted(set(particles.source_hash.tolist()))
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(len(particles)))
    for text, places in rows.items():
        assert set(particles.source_hash[places].tolist()) == {text}
        assert np.all(np.diff(places) > 0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=3), max_size=10))
def test_codes_stand_for_their_texts(texts: list[str]) -> None:
    texts = [text.rstrip("\0") for text in texts]  # an array of texts cannot hold trailing zeros
    names, codes = group_codes(np.array(texts, np.str_))
    assert [names[code] for code in codes] == texts
    assert names == sorted(names)


def test_resampling_keeps_ends_and_constants() -> None:
    particles = make_particles(4, keys=3)
    assert particles.resampled(3, 3) is particles
    finer = particles.resampled(5, 1)
    assert (finer.movement, finer.rotation) == (5, 1)
    np.testing.assert_allclose(finer.positions_ang[:, [0, 2, 4]], particles.positions_ang, rtol=1e-5)
    single = make_particles(4).resampled(3, 2)
    np.testing.assert_array_equal(single.positions_ang, np.repeat(make_particles(4).positions_ang, 3, axis=1))


def test_shapes_are_checked() -> None:
    particles = make_particles(4)
    with pytest.raises(ValueError, match="every column"):
        replace(particles, source_hash=particles.source_hash[:3])
    with pytest.raises(ValueError, match="key frames must have shape"):
        replace(particles, positions_ang=particles.positions_ang[:, 0])
    assert not particles.same_as(replace(particles, half=1 - particles.half))
