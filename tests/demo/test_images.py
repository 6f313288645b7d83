from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mtui.demo.design import SeriesDesign
from mtui.demo.forward import Appearance
from mtui.demo.images import CONTRAST, Cast, render_tilt
from mtui.demo.phantom import Phantom
from tests.demo.flat_series import flat_series

BLOB = Phantom(np.zeros((1, 3)), np.array([10.0]), 8.0)


def appearance(x_ang: float, y_ang: float) -> Appearance:
    return Appearance(np.full((1, 3, 2), (x_ang, y_ang)), np.zeros((1, 3)), np.tile(np.eye(3), (1, 3, 1, 1)))


def shadow(design: SeriesDesign, cast: Cast, tilt: int = 1) -> NDArray[np.float64]:
    """What the particles take away from the image."""
    empty = render_tilt(design, (), tilt, np.random.default_rng(4))
    shown = render_tilt(design, (cast,), tilt, np.random.default_rng(4))
    return empty.astype(np.float64) - shown


def centre_px(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre of mass as x, y in pixels."""
    y, x = np.indices(image.shape)
    return np.array([(image * x).sum() / image.sum(), (image * y).sum() / image.sum()])


@pytest.mark.parametrize("place_px", [(90.0, 70.0), (90.3, 70.8), (50.99, 100.01)])
def test_protein_is_dark_and_where_it_belongs(place_px: tuple[float, float]) -> None:
    seen = shadow(flat_series(), Cast(BLOB, appearance(4 * place_px[0], 4 * place_px[1])))
    assert seen.max() > 100 * -seen.min()
    np.testing.assert_allclose(centre_px(seen), place_px, atol=5e-3)


def test_the_shadow_is_the_projected_density() -> None:
    seen = shadow(flat_series(), Cast(BLOB, appearance(360, 280)))
    peak = CONTRAST * 10 * np.sqrt(2 * np.pi) * 8
    assert seen[70, 90] == pytest.approx(peak, rel=1e-3)
    assert seen[70, 92] == pytest.approx(peak * np.exp(-0.5), rel=1e-3)


def test_the_pixel_of_an_average_is_the_field_of_view_over_its_size() -> None:
    design = replace(flat_series(), raw_size_px=(404, 360))
    seen = shadow(design, Cast(BLOB, appearance(404.0, 280.0)))
    np.testing.assert_allclose(centre_px(seen), (100, 70), atol=5e-3)


def test_magnification_stretches_a_particle_about_its_centre() -> None:
    matrix = np.array([[1.1, 0.05], [-0.02, 0.9]])
    design = replace(flat_series(), magnification=matrix)
    offset = np.array([40.0, 24.0, 0.0])
    side = Phantom(offset[None], np.array([10.0]), 8.0)
    seen = shadow(design, Cast(side, appearance(360, 280)))
    np.testing.assert_allclose(centre_px(seen) * 4 - (360, 280), matrix.T @ offset[:2], atol=2e-2)


def test_defocus_spreads_the_signal_and_dose_damps_it() -> None:
    design = flat_series()
    cast = Cast(BLOB, appearance(360, 280))
    sharp = shadow(design, cast)
    unfocused = replace(design, lens=replace(design.lens, phase_pi=np.zeros(3)))
    spread = shadow(unfocused, Cast(BLOB, replace(cast.appearance, defocus_um=np.full((1, 3), 2.0))))
    assert spread.min() < -0.02 * sharp.max()
    damped = shadow(replace(design, dose_bfactors_ang2=np.full(3, -800.0)), cast)
    # exp(-800 k^2 / 4) is a blur by a Gaussian of this variance.
    assert damped.max() / sharp.max() == pytest.approx(64 / (64 + 800 / (8 * np.pi**2)), rel=1e-3)
    assert damped.sum() == pytest.approx(sharp.sum(), rel=1e-3)


def test_a_particle_at_the_edge_is_cut_off() -> None:
    seen = shadow(flat_series(), Cast(BLOB, appearance(0, 0)))
    assert seen[0, 0] == seen.max()
    assert seen[90:, 100:].max() == 0
    assert not shadow(flat_series(), Cast(BLOB, appearance(-4000, 0))).any()


def test_a_deselected_tilt_shows_no_particles() -> None:
    design = replace(flat_series(), use_tilt=np.array([True, False, True]))
    cast = Cast(BLOB, appearance(360, 280))
    assert not shadow(design, cast, tilt=1).any()
    assert shadow(design, cast, tilt=2).any()
