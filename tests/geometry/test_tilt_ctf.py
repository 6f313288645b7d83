from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtui.geometry.arrays import Array
from mtui.geometry.splines import CubicGrid
from mtui.geometry.tilt_ctf import compute_tilt_ctf, dose_limit_weights, values_per_tilt
from mtui.geometry.tilts import Frame
from tests.geometry.golden import SERIES, load_series
from tests.geometry.series import plain_ctf, plain_geometry

FRAME = Frame((1000.0, 2000.0, 500.0), (1500.0, 1600.0))
GEOMETRY = plain_geometry(np.array([-60.0, 0.0, 60.0]), np.array([20.0, 0.0, 10.0]))
COORDS = np.array([[[0.0, 0.0, 0.0]] * 3, [[1000.0, 2000.0, 500.0]] * 3])
DEFOCUS_UM = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def over_tilts(*values: float) -> CubicGrid:
    return CubicGrid(np.array(values)[:, None, None])


@pytest.mark.parametrize("name", SERIES)
def test_scale_and_bfactor_are_those_of_m(name: str) -> None:
    golden = load_series(name)
    coords = np.zeros((len(golden.coords), golden.geometry.n_tilts, 3))
    coords[:, golden.tilts] = golden.coords
    ctf = compute_tilt_ctf(golden.geometry, golden.ctf, golden.frame, coords, np.zeros(coords.shape[:2]))
    np.testing.assert_allclose(ctf.scale[:, golden.tilts], golden.scale, rtol=0, atol=2e-7)
    np.testing.assert_allclose(ctf.bfactor_ang2[:, golden.tilts], golden.bfactor_ang2, rtol=0, atol=1e-4)


def test_without_refined_weights_dose_and_tilt_angle_decide() -> None:
    spatial = CubicGrid(np.array([[[5.0, 7.0]]]))
    series_ctf = replace(plain_ctf(3), location_bfactors=spatial, location_weights=spatial)
    ctf = compute_tilt_ctf(GEOMETRY, series_ctf, FRAME, COORDS, DEFOCUS_UM)
    np.testing.assert_allclose(ctf.scale, [[0.5, 1.0, 0.5]] * 2)
    np.testing.assert_allclose(ctf.bfactor_ang2, [[-80.0, 0.0, -40.0]] * 2)
    np.testing.assert_array_equal(ctf.defocus_um, DEFOCUS_UM)


def test_refined_weights_with_location_grids() -> None:
    series_ctf = replace(
        plain_ctf(3),
        dose_weights=over_tilts(0.2, 0.9, 0.5),
        dose_bfactors=over_tilts(-100.0, 20.0, -10.0),
        dose_bfactors_delta=over_tilts(1.0, 2.0, 3.0),
        dose_bfactors_angle=over_tilts(10.0, 20.0, 30.0),
        location_weights=CubicGrid(np.array([[[0.5, 1.5]]])),
        location_bfactors=CubicGrid(np.array([[[-1.0], [1.0]]])),
    )
    ctf = compute_tilt_ctf(GEOMETRY, series_ctf, FRAME, COORDS, DEFOCUS_UM)
    np.testing.assert_allclose(ctf.scale, [[0.1, 0.45, 0.25], [0.3, 1.35, 0.75]], atol=1e-6)
    # A refined B-factor is never weaker than -3 Å² per unit dose: 20 becomes 0, -10 becomes -30.
    np.testing.assert_allclose(ctf.bfactor_ang2, [[-101.0, -1.0, -31.0], [-99.0, 1.0, -29.0]], atol=1e-4)
    np.testing.assert_allclose(ctf.bfactor_delta_ang2, [[1.0, 2.0, 3.0]] * 2, atol=1e-6)
    np.testing.assert_allclose(ctf.bfactor_angle_deg, [[10.0, 20.0, 30.0]] * 2, atol=1e-5)


def test_deselected_tilts_keep_a_ten_thousandth() -> None:
    geometry = replace(GEOMETRY, use_tilt=np.array([True, False, True]))
    ctf = compute_tilt_ctf(geometry, plain_ctf(3), FRAME, COORDS, DEFOCUS_UM)
    np.testing.assert_allclose(ctf.scale[0], [0.5, 1e-4, 0.5])


def test_astigmatism_and_phase_are_those_of_the_tilt() -> None:
    series_ctf = replace(
        plain_ctf(3),
        defocus_delta_um=np.array([0.1, 0.2, 0.3]),
        defocus_angle_deg=np.array([1.0, 2.0, 3.0]),
        phase_pi=np.array([0.4, 0.5, 0.6]),
    )
    ctf = compute_tilt_ctf(GEOMETRY, series_ctf, FRAME, COORDS, DEFOCUS_UM)
    for result, expected in (
        (ctf.delta_um, series_ctf.defocus_delta_um),
        (ctf.angle_deg, series_ctf.defocus_angle_deg),
        (ctf.phase_pi, series_ctf.phase_pi),
    ):
        np.testing.assert_array_equal(result, np.stack([expected, expected]))


@pytest.mark.parametrize(
    ("values", "expected"), [([7.0], [7.0, 0.0, 0.0]), ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0])]
)
def test_values_by_index_are_0_where_the_grid_is_too_short(
    values: list[float], expected: list[float]
) -> None:
    np.testing.assert_array_equal(values_per_tilt(over_tilts(*values), 3), expected)


def test_one_tilt_is_finite() -> None:
    geometry = plain_geometry(np.array([10.0]), np.array([3.0]))
    series_ctf = replace(plain_ctf(1), dose_bfactors=CubicGrid(np.zeros((1, 1, 2))))
    ctf = compute_tilt_ctf(geometry, series_ctf, FRAME, COORDS[:, :1], DEFOCUS_UM[:, :1])
    assert ctf.scale[0, 0] == pytest.approx(np.cos(np.deg2rad(10.0)))
    np.testing.assert_allclose(ctf.bfactor_ang2, -9.0)


def kept(weights: Array) -> list[int]:
    assert set(np.unique(weights)) <= {0.0, 1.0}
    return np.flatnonzero(weights).tolist()


def test_dose_limit_keeps_the_selected_among_the_first_tilts() -> None:
    geometry = load_series("TS_1").geometry
    assert kept(dose_limit_weights(geometry, 10)) == [16, 17, 18, 19, 20, 21, 22, 23, 24, 25]
    use_tilt = np.ones(41, dtype=bool)
    use_tilt[[3, 21]] = False
    deselected = replace(geometry, use_tilt=use_tilt)
    # M tests the selection at position k: it would lose 19 (fourth by dose) and keep 21.
    assert kept(dose_limit_weights(deselected, 10)) == [16, 17, 18, 19, 20, 22, 23, 24, 25]


def test_no_dose_limit_leaves_every_tilt_alone() -> None:
    geometry = replace(GEOMETRY, use_tilt=np.array([True, False, True]))
    np.testing.assert_array_equal(dose_limit_weights(geometry, None), 1.0)


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (-1, []), (1, [1]), (2, [1, 2]), (99, [0, 1, 2])])
def test_dose_limits_beyond_the_series(limit: int, expected: list[int]) -> None:
    assert kept(dose_limit_weights(GEOMETRY, limit)) == expected
