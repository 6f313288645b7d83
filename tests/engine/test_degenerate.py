"""Series and particles at the edge of what there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtui.engine.export_unit import UnitResult, export_unit
from mtui.engine.series_context import ReconstructionSettings, SeriesInput, prepare_series
from tests.engine.scene import ANGPIX, plain_series, random_particles, relative_rms
from tests.engine.test_properties import SUPER, spectrum

PLAIN = ReconstructionSettings(ANGPIX, 12, SUPER, None)
CENTRE = np.array([[[36 * ANGPIX, 30 * ANGPIX, 50.0]]])


def export(
    series: SeriesInput, how: ReconstructionSettings = PLAIN, positions: np.ndarray = CENTRE
) -> UnitResult:
    (result,) = export_unit(prepare_series(series, how), positions, np.zeros(positions.shape))
    return result


def test_one_tilt_is_its_phase_flipped_image() -> None:
    series = plain_series(n_tilts=1)
    result = export(series, replace(PLAIN, box_px=SUPER))
    found = spectrum(result.volumes[0])
    # The centre is pixel (36, 30) exactly; dose 0 and no tilt leave a weight of 1.
    box = series.images[0, 30 - SUPER // 2 : 30 + SUPER // 2, 36 - SUPER // 2 : 36 + SUPER // 2]
    image = np.fft.rfft2(np.fft.ifftshift(box))
    ctf = np.fft.irfftn(result.ctfs[0].astype(np.float64), s=(SUPER,) * 3, axes=(0, 1, 2))
    magnitude = spectrum(np.fft.fftshift(ctf))[0].real
    k = np.fft.fftfreq(SUPER, 1 / SUPER)
    inside = k[:, None] ** 2 + np.arange(SUPER // 2 + 1) ** 2 < (SUPER // 2) ** 2
    assert np.isfinite(result.volumes).all() and np.isfinite(result.ctfs).all()
    ratio = (found[0] * np.conj(image) / np.abs(image) ** 2)[inside]
    scale = np.median(np.abs(ratio))
    assert np.abs(ratio.imag).max() < 1e-3 * scale
    assert np.abs(np.abs(ratio) / scale - 1.0).max() < 1e-3  # flipped, not weighted
    assert (ratio < 0.0).any() and (ratio > 0.0).any()
    assert magnitude[inside].min() > -1e-4
    assert np.abs(found[2:-1]).max() < 1e-3 * np.abs(found[0]).max()  # nothing outside the plane


def test_equal_doses_give_finite_volumes_and_the_first_key_frame() -> None:
    series = plain_series()
    flat = replace(series, geometry=replace(series.geometry, dose=np.full(7, 3.0)))
    keys = np.concatenate([CENTRE, CENTRE + 20.0], axis=1)
    (moving,) = export_unit(prepare_series(flat, PLAIN), keys, np.zeros((1, 2, 3)))
    still = export(flat)
    assert np.isfinite(still.volumes).all() and np.abs(still.volumes).max() > 0.0
    assert np.array_equal(moving.volumes, still.volumes)


def test_a_deselected_tilt_counts_for_a_ten_thousandth() -> None:
    series = plain_series()
    only = np.zeros_like(series.images)
    only[2] = series.images[2]
    use = np.ones(7, dtype=bool)
    use[2] = False
    selected = export(replace(series, images=only))
    deselected = export(
        replace(series, images=only, geometry=replace(series.geometry, use_tilt=use)),
    )
    assert relative_rms(1e4 * deselected.volumes, selected.volumes) < 1e-4


def test_no_tilt_selected_is_finite() -> None:
    series = plain_series()
    none = replace(series, geometry=replace(series.geometry, use_tilt=np.zeros(7, dtype=bool)))
    assert relative_rms(1e4 * export(none).volumes, export(series).volumes) < 1e-4


@pytest.mark.parametrize("prerotate", [False, True])
def test_particles_outside_are_exported_and_counted(prerotate: bool) -> None:
    series = plain_series()
    how = replace(PLAIN, prerotate=prerotate)
    y = np.array([30, 7, -7, -2000]) * ANGPIX
    positions = np.repeat(CENTRE, 4, axis=0)
    positions[:, 0, 1] = y
    result = export(series, how, positions)
    assert np.isfinite(result.volumes).all() and np.isfinite(result.ctfs).all()
    assert result.volumes.shape == (4, 12, 12, 12)
    # In px of the box of 12: inside, over the edge (1 ... 13 less 6), beyond it.
    assert result.tilts_over_edge.tolist() == [0, 0, 7, 7]
    assert result.tilts_outside.tolist() == [0, 0, 7, 7]
    positions[1, 0, 1] = 5 * ANGPIX
    over = export(series, how, positions)
    assert over.tilts_over_edge.tolist() == [0, 7, 7, 7]
    assert over.tilts_outside.tolist() == [0, 0, 7, 7]


def test_far_outside_only_the_edge_is_seen() -> None:
    series = plain_series()
    positions = np.repeat(CENTRE, 2, axis=0)
    positions[:, 0, 1] = np.array([-500, -900]) * ANGPIX
    result = export(series, PLAIN, positions)
    assert np.array_equal(result.volumes[0], result.volumes[1])


def test_no_particles_no_slices() -> None:
    series = plain_series()
    positions, angles = random_particles(series, 0)
    assert list(export_unit(prepare_series(series, PLAIN), positions, angles)) == []
