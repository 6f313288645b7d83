"""The defocus hand comes from numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtui.geometry.splines import CubicGrid
from mtui.profiles.hand import Hand, HandRule, compute_hand
from mtui.profiles.tomogram import tomogram_centre_ang
from tests.profiles.scene import FRAME, make_particles, make_series


def found(*, inverted: bool, rule: HandRule = "auto") -> Hand:
    series = make_series(inverted=inverted)
    starts = make_particles(40).positions_ang[:, 0].astype(np.float64)
    return compute_hand(series.geometry, FRAME, tomogram_centre_ang(series), starts, rule)


@pytest.mark.parametrize("inverted, value", [(False, 1), (True, -1)])
def test_the_sign_that_fits(inverted: bool, value: int) -> None:
    hand = found(inverted=inverted)
    assert hand.value == value
    assert hand.residual_ang < 15.0
    assert hand.opposite_residual_ang > 150.0
    assert not hand.is_doubtful


@pytest.mark.parametrize("inverted, value", [(False, -1), (True, 1)])
def test_what_warptools_writes_does_not_fit(inverted: bool, value: int) -> None:
    hand = found(inverted=inverted, rule="warptools")
    assert hand.value == value
    assert hand.residual_ang > 150.0
    assert hand.is_doubtful


def test_an_explicit_sign_is_taken() -> None:
    assert found(inverted=False, rule="-1").value == -1
    assert found(inverted=True, rule="+1").value == 1
    assert found(inverted=True, rule="-1").residual_ang == found(inverted=True).residual_ang


def test_a_focus_that_varies_over_the_tomogram_is_doubtful() -> None:
    series = make_series()
    bent = replace(series.geometry, defocus_um=CubicGrid(np.tile([[[2.0, 3.0]]], (5, 1, 1))))
    starts = make_particles(40).positions_ang[:, 0].astype(np.float64)
    hand = compute_hand(bent, FRAME, tomogram_centre_ang(series), starts, "auto")
    assert hand.residual_ang > 50.0
    assert hand.is_doubtful


def test_deselected_tilts_have_no_say() -> None:
    series = make_series(deselected=(1,))
    focus = series.geometry.defocus_um.values.copy()
    spoilt = np.repeat(focus, 2, axis=2)
    spoilt[1, :, 1] += 5.0
    starts = make_particles(40).positions_ang[:, 0].astype(np.float64)
    geometry = replace(series.geometry, defocus_um=CubicGrid(spoilt))
    assert compute_hand(geometry, FRAME, tomogram_centre_ang(series), starts, "auto").residual_ang < 300.0
