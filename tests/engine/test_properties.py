"""What must hold for any images and particles, whatever the numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.engine.export_unit import UnitResult, export_unit
from mtui.engine.sampling import compute_taps, kept_samples
from mtui.engine.series_context import ReconstructionSettings, SeriesInput, prepare_series
from mtui.geometry.euler import euler_from_matrix, matrix_from_euler
from mtui.geometry.splines import CubicGrid
from mtui.geometry.tilts import shared_tilt_matrices
from tests.engine.scene import ANGPIX, plain_series, random_particles, relative_rms

BOX, SUPER = 12, 24
PLAIN = ReconstructionSettings(ANGPIX, BOX, SUPER, None)
ROTATED = replace(PLAIN, prerotate=True)

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)
poses = st.tuples(st.floats(-180, 180, width=32), st.floats(0, 180, width=32), st.floats(-180, 180, width=32))


def export(
    series: SeriesInput, how: ReconstructionSettings, positions: np.ndarray, angles: np.ndarray
) -> UnitResult:
    (result,) = export_unit(prepare_series(series, how), positions, angles)
    return result


def noise(seed: int) -> SeriesInput:
    return plain_series(seed=seed)


@few
@given(seeds, st.floats(-3, 3, width=32), st.floats(-3, 3, width=32), st.booleans())
def test_volumes_are_linear_in_the_images(seed: int, first: float, second: float, prerotate: bool) -> None:
    how = replace(PLAIN, prerotate=prerotate)
    one, two = noise(seed), noise(seed + 1)
    particles = random_particles(one, 2, seed)
    both = replace(one, images=np.float32(first) * one.images + np.float32(second) * two.images)
    results = [export(series, how, *particles) for series in (one, two, both)]
    expected = first * results[0].volumes + second * results[1].volumes
    scale = abs(first) * np.abs(results[0].volumes).max() + abs(second) * np.abs(results[1].volumes).max()
    assert np.abs(results[2].volumes - expected).max() <= 2e-5 * scale
    assert np.array_equal(results[2].ctfs, results[0].ctfs)


@few
@given(seeds, st.booleans(), st.booleans())
def test_inversion_flips_the_sign_and_nothing_else(seed: int, prerotate: bool, normalize: bool) -> None:
    how = replace(PLAIN, prerotate=prerotate, norm_radius_px=4 if normalize else None)
    series = noise(seed)
    particles = random_particles(series, 2, seed)
    result = export(series, how, *particles)
    inverted = export(replace(series, images=-series.images), how, *particles)
    assert np.array_equal(inverted.volumes, -result.volumes)
    assert np.array_equal(inverted.ctfs, result.ctfs)


@few
@given(seeds, st.integers(-6, 6), st.integers(-6, 6), st.booleans())
def test_moving_images_and_particle_together_changes_nothing(
    seed: int, x: int, y: int, prerotate: bool
) -> None:
    how = replace(PLAIN, prerotate=prerotate)
    series = noise(seed)
    positions = np.asarray(series.frame.volume_ang) / 2 + np.array([[[1.3, -2.1, 3.7]]])
    angles = random_particles(series, 1, seed)[1]
    result = export(series, how, positions, angles)
    # The tilt axis is y, so a step along y is the same in every image and changes no defocus.
    geometry = replace(series.geometry, axis_offset_x_ang=np.full(series.geometry.n_tilts, x * ANGPIX))
    images = np.roll(series.images, (y, x), axis=(1, 2))
    step = np.array([0.0, y * ANGPIX, 0.0])
    moved = export(replace(series, geometry=geometry, images=images), how, positions + step, angles)
    assert relative_rms(moved.volumes, result.volumes) < 2e-4
    assert np.abs(moved.ctfs - result.ctfs).max() < 2e-5


def twice(part: Any) -> Any:
    """Geometry or CTF with every tilt twice."""
    changed: dict[str, Any] = {}
    for name in part.__slots__:
        value = getattr(part, name)
        if isinstance(value, CubicGrid) and len(value.values) > 1:
            changed[name] = CubicGrid(np.repeat(value.values, 2, axis=0))
        elif isinstance(value, np.ndarray) and value.ndim == 1:
            changed[name] = np.repeat(value, 2, axis=0)
    return replace(part, **changed)


def repeat_tilts(series: SeriesInput) -> SeriesInput:
    """Every tilt twice."""
    images = np.repeat(series.images, 2, axis=0)
    return replace(series, images=images, geometry=twice(series.geometry), ctf=twice(series.ctf))


@cache
def covered_voxels() -> np.ndarray:
    """Voxels (z, y, x_half), DC at index 0, whose weights add up to at least 1."""
    series = plain_series()
    matrices = shared_tilt_matrices(series.geometry)
    assert matrices is not None
    taps = compute_taps(SUPER, kept_samples(SUPER, np.eye(2)), matrices)
    half = SUPER // 2
    sums = np.bincount(taps.voxel, weights=taps.weight, minlength=half * SUPER * SUPER)
    by_x = sums.reshape(half, SUPER, SUPER)
    rows = np.concatenate([np.arange(half), half - np.arange(-half, 0)])
    rows[half] = half  # -S/2 does not exist, "-0" is empty
    covered = np.zeros((SUPER, SUPER, half + 1), dtype=bool)
    covered[:, :, :half] = np.moveaxis(by_x[:, rows][:, :, rows] >= 1.0, 0, 2)
    return covered


def spectrum(volume: np.ndarray) -> np.ndarray:
    """Fourier volume before the correction for interpolation, of a volume that was not cropped."""
    offset = np.arange(SUPER) - SUPER // 2
    square = offset[:, None, None] ** 2 + offset[:, None] ** 2 + offset**2
    return np.asarray(np.fft.rfftn(np.fft.ifftshift(volume * np.sinc(np.sqrt(square) / SUPER) ** 2)))


@few
@given(seeds)
def test_taking_every_tilt_twice_changes_no_covered_voxel(seed: int) -> None:
    how = replace(PLAIN, box_px=SUPER)
    series = noise(seed)
    particles = random_particles(series, 1, seed)
    once, twice = (export(s, how, *particles) for s in (series, repeat_tilts(series)))
    covered = covered_voxels()
    assert covered.sum() > 500
    first, second = spectrum(once.volumes[0]), spectrum(twice.volumes[0])
    assert relative_rms(second[covered], first[covered]) < 1e-4
    assert relative_rms(second[~covered], first[~covered]) > 1e-2  # there the multiplicity counts


@few
@given(seeds, st.booleans())
def test_ctf_volumes_are_hermitian(seed: int, prerotate: bool) -> None:
    series = noise(seed)
    result = export(series, replace(PLAIN, prerotate=prerotate), *random_particles(series, 2, seed))
    for plane in (0, BOX // 2):
        values = result.ctfs[..., plane]
        opposite = np.roll(values[:, ::-1, ::-1], 1, axis=(1, 2))
        assert np.abs(values - opposite).max() < 1e-5
    assert result.ctfs.shape == (2, BOX, BOX, BOX // 2 + 1)


@few
@given(seeds, poses, st.sampled_from("xyz"), st.integers(1, 3))
def test_pose_and_volume_rotate_together(
    seed: int, pose: tuple[float, float, float], axis: str, quarters: int
) -> None:
    series = noise(seed)
    positions, _ = random_particles(series, 1, seed)
    plane = {"z": (1, 2), "y": (2, 0), "x": (0, 1)}[axis]  # array axes z, y, x
    grid = np.stack(np.meshgrid(*[np.arange(-1.0, 2.0)] * 3, indexing="ij"))  # z, y, x of a small lattice
    turned = np.stack([np.rot90(part, quarters, plane) for part in grid])
    steps = [turned[:, 1, 1, 2], turned[:, 1, 2, 1], turned[:, 2, 1, 1]]  # where x, y and z axis come from
    rotation = np.stack([step[::-1] for step in steps], axis=1)
    angles = np.array(pose)
    other = euler_from_matrix(matrix_from_euler(angles) @ rotation)
    volumes = [
        export(series, ROTATED, positions, value.reshape(1, 1, 3)).volumes[0] for value in (angles, other)
    ]
    inner = (slice(1, None),) * 3  # -N/2 has no opposite
    expected = np.rot90(volumes[0][inner], quarters, plane)
    assert relative_rms(volumes[1][inner], expected) < 1e-3
