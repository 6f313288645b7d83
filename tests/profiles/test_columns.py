"""Cells of tables."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.profiles import coordinates, raw, relion5, relion31
from mtui.profiles.columns import fixed, in_order, join, passed_on


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), st.integers(0, 9))
def test_numbers_have_a_fixed_number_of_plain_decimals(values: list[float], digits: int) -> None:
    for value, text in zip(values, fixed(np.array(values), digits), strict=True):
        assert abs(float(text) - value) <= 0.51 * 10.0**-digits + 1e-6
        assert "e" not in text
        assert len(text.partition(".")[2]) == digits
        assert text.lstrip("-0.") or not text.startswith("-")


def test_join_keeps_the_order_of_parts() -> None:
    assert join([{"a": ["1"], "b": ["x"]}, {"a": ["2", "3"], "b": ["y", "z"]}]) == {
        "a": ["1", "2", "3"],
        "b": ["x", "y", "z"],
    }
    assert join([]) == {}


def test_only_the_columns_asked_for() -> None:
    assert list(in_order(("b", "a"), {"a": [], "b": [], "c": []})) == ["b", "a"]


def test_stale_columns_are_not_passed_on() -> None:
    stale = [
        "rlnCoordinateX",
        "rlnCenteredCoordinateZAngst",
        "rlnOriginXAngst",
        "rlnAngleTiltPrior",
        "rlnTomoSubtomogramRot",
        "rlnTomoName",
        "rlnMicrographName",
        "rlnTomoParticleName",
        "rlnTomoParticleId",
        "rlnTomoVisibleFrames",
        "rlnImageName",
        "rlnCtfImage",
        "rlnReconstructImageName",
        "rlnImageOriginalName",
        "rlnOpticsGroup",
        "rlnImagePixelSize",
        "rlnDetectorPixelSize",
        "rlnBeamTiltX",
        "rlnBeamTiltClass",
        "rlnEvenZernike",
        "rlnMagMat00",
        "rlnTomoTiltSeriesPixelSize",
        "rlnCtfDataAreCtfPremultiplied",
        "rlnNormCorrection",
        "rlnGroupNumber",
        "rlnGroupName",
        "rlnRandomSubset",
    ]
    welcome = [
        "rlnHelicalTubeID",
        "rlnHelicalTrackLengthAngst",
        "rlnClassNumber",
        "aisFilamentID",
        "wrpScore",
    ]
    extra = [(name, np.array(["7"])) for name in (*stale, *welcome)]
    assert list(passed_on(extra)) == welcome


def test_columns_of_a_profile_are_never_passed_on() -> None:
    own = {*relion31.PARTICLES, *relion5.PARTICLES, *coordinates.PARTICLES, *raw.ROWS, *raw.CTF_ROWS}
    assert passed_on([(name, np.array(["7"])) for name in sorted(own)]) == {}
