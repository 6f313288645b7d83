"""Image series against the golden ones, and against plain NumPy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from mtui.engine.export_unit import export_unit
from mtui.engine.image_series import (
    ImageSeriesContext,
    ImageSeriesSettings,
    compute_exposure_weights,
    extract_images,
    prepare_image_series,
    slots_per_batch,
)
from mtui.engine.particle_images import half_plane_cycles
from mtui.engine.series_context import ReconstructionSettings, SeriesInput, prepare_series
from mtui.errors import EngineError
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import Frame, TiltGeometry, positions_in_tilts
from mtui.geometry.trajectories import dose_steps, resample
from mtui.geometry.visibility import selected_tilts, tilts_within_dose, visible_tilts
from tests.engine.golden import load_case

Array = np.ndarray[Any, Any]
ANGPIX = 4.0
BOX = 16


def plain_series(width: int = 70, height: int = 60, n_tilts: int = 3) -> SeriesInput:
    """A series without any deformation, so that a particle is where its coordinates say."""
    none, grid = LinearGrid4D.constant(0.0), CubicGrid.constant(0.0)
    geometry = TiltGeometry(
        angles_deg=np.zeros(n_tilts),
        dose=np.array([6.0, 0.0, 3.0])[:n_tilts],
        use_tilt=np.ones(n_tilts, dtype=bool),
        axis_angle_deg=np.zeros(n_tilts),
        axis_offset_x_ang=np.zeros(n_tilts),
        axis_offset_y_ang=np.zeros(n_tilts),
        level_angle_x_deg=0.0,
        level_angle_y_deg=0.0,
        angles_inverted=False,
        magnification=np.eye(2),
        movement_x=grid,
        movement_y=grid,
        angle_x=grid,
        angle_y=grid,
        angle_z=grid,
        defocus_um=CubicGrid(np.array([2.0, 2.5, 3.0])[:n_tilts, None, None]),
        warp_x=none,
        warp_y=none,
        warp_z=none,
    )
    ctf = SeriesCtf(
        voltage_kv=300.0,
        cs_mm=2.7,
        amplitude=0.1,
        angpix_delta=0.0,
        angpix_delta_angle_deg=0.0,
        scale=1.0,
        bfactor_ang2=0.0,
        defocus_delta_um=np.array([0.1, 0.2, 0.3])[:n_tilts],
        defocus_angle_deg=np.array([30.0, -20.0, 80.0])[:n_tilts],
        phase_pi=np.array([0.0, 0.1, 0.2])[:n_tilts],
        dose_bfactors=grid,
        dose_bfactors_delta=grid,
        dose_bfactors_angle=grid,
        dose_weights=CubicGrid.constant(1.0),
        location_bfactors=grid,
        location_weights=CubicGrid.constant(1.0),
    )
    size = width * ANGPIX, height * ANGPIX
    images = np.random.default_rng(1).normal(size=(n_tilts, height, width)).astype(np.float32)
    return SeriesInput("plain", images, geometry, ctf, Frame((*size, 100.0), size))


def context_of(series: SeriesInput, *, premultiply: bool = False, box_px: int = BOX) -> ImageSeriesContext:
    return prepare_image_series(series, ImageSeriesSettings(ANGPIX, box_px, premultiply))


def images_of(context: ImageSeriesContext, coords_ang: Array) -> Array:
    """Images (P, T, N, N) of every pair."""
    n_particles, n_tilts = coords_ang.shape[:2]
    particle, tilt = np.divmod(np.arange(n_particles * n_tilts), n_tilts)
    images = extract_images(context, coords_ang, particle, tilt)
    return images.reshape(n_particles, n_tilts, *images.shape[1:])


def still(positions_ang: list[tuple[float, float, float]], n_tilts: int = 3) -> Array:
    return np.repeat(np.array(positions_ang)[:, None], n_tilts, axis=1)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["series_b24", "series_limit10_b16"])
@pytest.mark.parametrize("kind", ["raw", "premultiplied"])
def test_golden_series(shared: Path, name: str, kind: str) -> None:
    case = load_case(shared / "golden", name)
    geometry, frame, arrays = case.series.geometry, case.series.frame, case.arrays
    coords = resample(arrays["coord_keys"], dose_steps(geometry.dose))
    used = tilts_within_dose(geometry, case.settings.first_tilts)
    positions = positions_in_tilts(geometry, frame, coords)
    visible = visible_tilts(geometry, frame, positions.xy_ang, case.raw["diameter_angstrom"])[:, used]
    settings = ImageSeriesSettings(case.settings.angpix, case.settings.box_px, kind == "premultiplied")
    context = prepare_image_series(case.series, settings)
    particle, tilt = np.divmod(np.arange(len(coords) * len(used)), len(used))
    images = extract_images(context, coords, particle, used[tilt])
    images = images.reshape(len(coords), len(used), *images.shape[1:])
    assert np.array_equal(used, arrays["used_tilts"])
    assert visible.sum(axis=1).tolist() == case.raw["visible_counts"]
    for number in range(len(coords)):
        assert np.array_equal(visible[number], arrays[f"visible_{number}"])
        assert relative_rms(images[number][visible[number]], arrays[f"{kind}_{number}"]) < 2e-5
    assert relative_rms(images.mean(axis=0), arrays[f"average_{kind}"]) < 2e-5


def relative_rms(values: Array, expected: Array) -> float:
    assert values.shape == expected.shape
    norm = float(np.linalg.norm(expected.astype(np.float64)))
    return float(np.linalg.norm(values.astype(np.float64) - expected)) / norm if expected.size else 0.0


def test_whole_pixels_are_plain_cuts() -> None:
    series = plain_series()
    images = images_of(context_of(series), still([(30 * ANGPIX, 25 * ANGPIX, 50.0)]))
    cut = series.images[:, 25 - 8 : 25 + 8, 30 - 8 : 30 + 8]
    np.testing.assert_allclose(images[0], cut, atol=5e-6)


@pytest.mark.parametrize("x, y", [(-3, 20), (-40, 20), (69, -2), (500, 59), (30, 67)])
def test_beyond_the_edge_the_edge_repeats(x: int, y: int) -> None:
    series = plain_series()
    images = images_of(context_of(series), still([(x * ANGPIX, y * ANGPIX, 50.0)]))
    rows, columns = (np.clip(np.arange(at - 8, at + 8), 0, size - 1) for at, size in ((y, 60), (x, 70)))
    np.testing.assert_allclose(images[0], series.images[:, rows][:, :, columns], atol=5e-6)


@pytest.mark.parametrize("x, y", [(30.3, 25.8), (4.25, 30.5), (66.6, 52.1)])
def test_fractions_are_phase_shifts_with_positive_nyquist(x: float, y: float) -> None:
    series = plain_series()
    images = images_of(context_of(series), still([(x * ANGPIX, y * ANGPIX, 50.0)]))
    corner = np.array([x, y]) - 8
    first = np.trunc(corner).astype(int)
    rows, columns = (np.clip(first[i] + np.arange(16), 0, size - 1) for i, size in ((1, 60), (0, 70)))
    cycles_x, cycles_y = half_plane_cycles(16)
    shift = first - corner
    phases = np.exp(-2j * np.pi * (cycles_x * shift[0] + cycles_y[:, None] * shift[1]))
    expected = np.fft.irfft2(np.fft.rfft2(series.images[:, rows][:, :, columns]) * phases, (16, 16))
    np.testing.assert_allclose(images[0], expected, atol=1e-5)


def test_premultiplied_images_are_raw_ones_times_the_ctf() -> None:
    series = plain_series()
    use = np.array([True, True, False])
    series = replace(series, geometry=replace(series.geometry, use_tilt=use))
    coords = still([(33 * ANGPIX, 25 * ANGPIX, 50.0), (40 * ANGPIX, 31 * ANGPIX, 90.0)])
    raw = images_of(context_of(series), coords)
    multiplied = images_of(context_of(series, premultiply=True), coords)
    for number, depth_ang in enumerate((0.0, 40.0)):
        for tilt in range(3):
            factor = written_out_ctf(series, tilt, depth_ang)
            expected = np.fft.irfft2(np.fft.rfft2(raw[number, tilt].astype(np.float64)) * factor, (BOX, BOX))
            expected_rms = np.sqrt(np.mean(expected**2))
            assert np.abs(multiplied[number, tilt] - expected).max() < 5e-5 * expected_rms


def written_out_ctf(series: SeriesInput, tilt: int, depth_ang: float) -> Array:
    """CTF times dose curve times tilt weight, formula by formula."""
    cycles_x, cycles_y = half_plane_cycles(BOX)
    x, y = np.meshgrid(cycles_x / ANGPIX, cycles_y / ANGPIX)
    k, theta, ctf = np.hypot(x, y), np.arctan2(y, x), series.ctf
    wavelength = 12.2643247 / np.sqrt(3e5 * (1 + 0.978466e-6 * 3e5))
    defocus = (2.0 + 0.5 * tilt) * 1e4 + depth_ang
    axis = np.radians(ctf.defocus_angle_deg[tilt])
    spread = ctf.defocus_delta_um[tilt] * 1e4 / 2 * np.cos(2 * (theta - axis))
    gamma = -np.pi * wavelength * (defocus + spread) * k**2 + np.pi / 2 * 2.7e7 * wavelength**3 * k**4
    gamma -= np.pi * ctf.phase_pi[tilt] + np.arcsin(0.1)
    with np.errstate(divide="ignore"):
        dose = np.exp(-series.geometry.dose[tilt] / 2 / (0.245 * k**-1.665 + 2.81))
    weight = 1.0 if series.geometry.use_tilt[tilt] else 1e-4
    return np.asarray(-np.sin(gamma) * dose * weight)


def test_trajectories_are_followed() -> None:
    series = plain_series()
    path = np.array([[[80.0, 90.0, 50.0], [120.0, 110.0, 20.0], [101.0, 133.0, 70.0]]])
    context = context_of(series, premultiply=True)
    moving = images_of(context, path)
    for tilt in range(3):
        there = images_of(context, np.repeat(path[:, tilt : tilt + 1], 3, axis=1))
        assert np.array_equal(moving[0, tilt], there[0, tilt])


def test_an_image_does_not_depend_on_its_neighbours() -> None:
    series = plain_series()
    context = context_of(series, premultiply=True, box_px=32)
    rng = np.random.default_rng(3)
    coords = np.repeat(rng.uniform((0, 0, 0), (280, 240, 100), (300, 1, 3)), 3, axis=1)
    every = images_of(context, coords)
    assert every.size // 32**2 > slots_per_batch(32)
    some = rng.permutation(900)[:7]
    alone = extract_images(context, coords, some // 3, some % 3)
    assert np.array_equal(alone, every.reshape(900, 32, 32)[some])


def test_series_of_almost_as_many_tilts_share_a_program(caplog: pytest.LogCaptureFixture) -> None:
    def compiled(n_tilts: int, box_px: int) -> bool:
        caplog.clear()
        context = context_of(plain_series(n_tilts=n_tilts), box_px=box_px)
        # For all threads: a context manager would be for this one alone.
        jax.config.update("jax_log_compiles", True)  # type: ignore[no-untyped-call]
        try:
            images_of(context, still([(90.0, 90.0, 50.0)], n_tilts))
        finally:
            jax.config.update("jax_log_compiles", False)  # type: ignore[no-untyped-call]
        return any("Compiling jit(make_images)" in record.getMessage() for record in caplog.records)

    assert [compiled(3, 22), compiled(2, 22), compiled(1, 22)] == [True, False, False]


def test_no_images_asked_for_none_made() -> None:
    nothing = np.zeros(0, dtype=int)
    images = extract_images(context_of(plain_series()), still([(1.0, 2.0, 3.0)]), nothing, nothing)
    assert images.shape == (0, 16, 16)


def test_exposure_weights_start_at_the_tilts_scale() -> None:
    series = plain_series()
    geometry = replace(series.geometry, angles_deg=np.array([60.0, 0.0, -60.0]))
    weights = compute_exposure_weights(geometry, series.ctf, np.array([[0.0, 0.1]]))
    np.testing.assert_allclose(weights[:, 0, 0], [0.5, 1.0, 0.5])
    assert weights[1, 0, 1] == 1.0  # not exposed yet
    assert weights[0, 0, 1] == pytest.approx(0.5 * np.exp(-3.0 / (0.245 * 10**1.665 + 2.81)))


def test_visibility_counts_the_integer_radius_and_the_selection() -> None:
    series = plain_series()
    geometry = replace(series.geometry, use_tilt=np.array([True, False, True]))
    xy = np.repeat(np.array([[[50.0, 60.0]], [[50.5, 60.0]], [[230.5, 100.0]]]), 3, axis=1)
    visible = visible_tilts(geometry, series.frame, xy, 101)
    assert visible.tolist() == [[False] * 3, [True, False, True], [False] * 3]


def test_dose_limit_counts_deselected_tilts() -> None:
    geometry = replace(plain_series().geometry, use_tilt=np.array([True, False, True]))
    assert tilts_within_dose(geometry, 2).tolist() == [1, 2]
    assert selected_tilts(geometry, 2).tolist() == [2]
    assert tilts_within_dose(geometry, None).tolist() == [0, 1, 2]
    assert tilts_within_dose(geometry, 0).tolist() == []


def test_what_does_not_fit_together_is_refused() -> None:
    series = plain_series()
    with pytest.raises(EngineError, match="2 tilt images but 3 tilts"):
        context_of(replace(series, images=series.images[:2]))
    with pytest.raises(EngineError, match="15 px has no pixel in its centre"):
        context_of(series, box_px=15)


def test_volumes_without_ctf_are_those_of_a_ctf_of_one() -> None:
    series = plain_series(n_tilts=3)
    geometry = replace(series.geometry, angles_deg=np.array([-40.0, 0.0, 40.0]), dose=np.zeros(3))
    # Without any lens the CTF is sin(arcsin(1)) everywhere; nothing is lost to dose or tilt.
    lens = replace(
        series.ctf,
        cs_mm=0.0,
        amplitude=1.0,
        defocus_delta_um=np.zeros(3),
        phase_pi=np.zeros(3),
        dose_weights=CubicGrid(np.ones((3, 1, 1))),
    )
    flat = replace(geometry, defocus_um=CubicGrid(np.zeros((3, 1, 1))))
    position = np.array([[[35 * ANGPIX, 30 * ANGPIX, 50.0]]])
    angles = np.zeros((1, 1, 3))
    settings = ReconstructionSettings(ANGPIX, BOX, 2 * BOX, None)
    (exact,) = export_unit(
        prepare_series(replace(series, geometry=flat, ctf=lens), settings), position, angles
    )
    bare = replace(settings, with_ctf=False)
    (found,) = export_unit(prepare_series(replace(series, geometry=geometry), bare), position, angles)
    # The particle is in the middle, so its defocus in the series without a lens is 0.
    assert relative_rms(found.volumes, exact.volumes) < 1e-4


def test_volumes_without_ctf_leave_deselected_tilts_out() -> None:
    series = plain_series()
    geometry = replace(series.geometry, angles_deg=np.array([-40.0, 0.0, 40.0]))
    position, angles = np.array([[[35 * ANGPIX, 30 * ANGPIX, 50.0]]]), np.zeros((1, 1, 3))
    settings = ReconstructionSettings(ANGPIX, BOX, 2 * BOX, None, with_ctf=False)

    def volume(use: list[bool], images: Array) -> Array:
        chosen = replace(series, geometry=replace(geometry, use_tilt=np.array(use)), images=images)
        (result,) = export_unit(prepare_series(chosen, settings), position, angles)
        return result.volumes

    spoilt = series.images.copy()
    spoilt[0] += 100.0
    with_two = volume([False, True, True], series.images)
    np.testing.assert_array_equal(volume([False, True, True], spoilt), with_two)
    assert np.abs(volume([True, True, True], series.images) - with_two).max() > 0.01
