"""Particles too close to another one of the same set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from mtui.errors import InputError
from mtui.matching.duplicates import find_duplicates, find_particle_duplicates
from mtui.model.particles import ParticleSet


def on_a_line(*places_ang: float) -> np.ndarray:
    return np.array([[place, 0.0, 0.0] for place in places_ang])


def same(count: int) -> np.ndarray:
    return np.array(["a"] * count)


def make_set(places_ang: list[float], **extra: list[str]) -> ParticleSet:
    count = len(places_ang)
    return ParticleSet(
        on_a_line(*places_ang).astype(np.float32)[:, None],
        np.zeros((count, 1, 3), np.float32),
        np.zeros(count, np.int8),
        np.array(["TS_1.tomostar"] * count),
        same(count),
        tuple((name, np.array(values)) for name, values in extra.items()),
    )


def test_the_first_of_two_is_kept() -> None:
    found = find_duplicates(on_a_line(0, 100, 4), same(3), 5.0)
    assert (found.kept.tolist(), found.removed.tolist(), found.original.tolist()) == ([0, 1], [2], [0])
    assert found.distance_ang.tolist() == [4.0]


def test_the_best_of_two_is_kept() -> None:
    found = find_duplicates(on_a_line(0, 100, 4), same(3), 5.0, np.array([0.1, 0.5, 0.9]))
    assert (found.kept.tolist(), found.original.tolist()) == ([1, 2], [2])


def test_a_chain_does_not_shrink_to_one_particle() -> None:
    found = find_duplicates(on_a_line(*range(0, 40, 4)), same(10), 5.0)
    assert found.kept.tolist() == [0, 2, 4, 6, 8]


def test_a_distance_equal_to_the_limit_counts() -> None:
    assert len(find_duplicates(on_a_line(0, 5), same(2), 5.0).removed) == 1
    assert len(find_duplicates(on_a_line(0, 5.001), same(2), 5.0).removed) == 0
    assert len(find_duplicates(on_a_line(7, 7, 7), same(3), 0.0).removed) == 2


def test_series_do_not_meet() -> None:
    found = find_duplicates(on_a_line(0, 0, 0), np.array(["a", "b", "a"]), 5.0)
    assert (found.kept.tolist(), found.removed.tolist()) == ([0, 1], [2])


@given(seed=st.integers(0, 10**6), scored=st.booleans())
@settings(max_examples=40, deadline=None)
def test_kept_ones_are_apart_and_removed_ones_are_near_a_better_one(seed: int, scored: bool) -> None:
    random = np.random.default_rng(seed)
    positions = random.random((60, 3)) * 60
    score = random.integers(0, 5, 60).astype(np.float64) if scored else None
    found = find_duplicates(positions, same(60), 12.0, score)
    np.testing.assert_array_equal(np.sort(np.concatenate([found.kept, found.removed])), np.arange(60))
    apart = cdist(positions[found.kept], positions[found.kept])
    assert (apart[np.triu_indices(len(apart), 1)] > 12).all()
    assert np.isin(found.original, found.kept).all()
    assert (found.distance_ang <= 12 + 1e-6).all()
    if score is None:
        assert (found.original < found.removed).all()
    else:
        assert (score[found.original] >= score[found.removed]).all()


def test_the_score_may_be_a_column_of_the_set() -> None:
    particles = make_set([0, 3, 100, 103], score=["0.2", "0.7", "null", "-3e2"])
    assert find_particle_duplicates(particles, 5.0).kept.tolist() == [0, 2]
    assert find_particle_duplicates(particles, 5.0, "score").kept.tolist() == [1, 3]
    assert find_particle_duplicates(particles, 5.0, "score", highest=False).kept.tolist() == [0, 3]


def test_a_column_that_is_missing_or_not_numeric_is_refused() -> None:
    particles = make_set([0, 3], score=["0.2", "good"])
    with pytest.raises(InputError, match="no column 'quality'") as caught:
        find_particle_duplicates(particles, 5.0, "quality")
    assert "score" in caught.value.hint
    with pytest.raises(InputError, match="Row 2 has 'good' in column 'score'"):
        find_particle_duplicates(particles, 5.0, "score")
