"""Every stage of one particle against an independent float64 implementation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from mtui.engine.ctf import ParticleCtf, evaluate_ctf
from mtui.engine.export_unit import export_unit
from mtui.engine.extraction import box_origins, box_spectra, extract_boxes, pad_images, shift_phases
from mtui.engine.half_space import image_frequencies, volume_index
from mtui.engine.insertion import TAPS, RotatedInsertion, empty_sums, insert_tilts
from mtui.engine.operator import sum_slab
from mtui.engine.poses import compute_trajectories
from mtui.engine.series_context import SeriesContext, prepare_series, tilt_ctf_at
from mtui.engine.slabs import slab_numbers
from mtui.engine.slices import FixedInsertion
from mtui.engine.spectrum import CTF, IMAGINARY, REAL, WEIGHT
from mtui.engine.tilt_samples import SliceParticles, compute_samples
from mtui.geometry.tilts import positions_in_tilts, shared_tilt_matrices
from tests.engine.golden import load_case
from tests.engine.scene import relative_rms

pytestmark = pytest.mark.shared


@cache
def stages(golden: Path) -> dict[str, np.ndarray]:
    with np.load(golden / "stages_default_b16_particle0.npz") as data:
        return dict(data)


@cache
def context_of(golden: Path, *, prerotate: bool = False, whole: bool = False) -> SeriesContext:
    """The series of the stages; ``whole`` keeps all of the super-box."""
    case = load_case(golden, "vol_default_b16")
    box_px = case.settings.super_box_px if whole else case.settings.box_px
    settings = replace(case.settings, norm_radius_px=None, prerotate=prerotate, box_px=box_px)
    return prepare_series(case.series, settings)


@cache
def coords_of(golden: Path) -> np.ndarray:
    """Trajectory (1, T, 3) of the particle."""
    arrays = load_case(golden, "vol_default_b16").arrays
    return compute_trajectories(
        context_of(golden), arrays["coord_keys"][:1], arrays["angle_keys"][:1]
    ).coords_ang


@cache
def particles_of(golden: Path) -> SliceParticles:
    """The particle as the compiled programs see it."""
    context, coords = context_of(golden), coords_of(golden)
    positions = positions_in_tilts(context.series.geometry, context.series.frame, coords)
    origins = box_origins(positions.xy_ang[0] / context.settings.angpix, context.settings.super_box_px)
    ctf = tilt_ctf_at(context.series, coords)
    reference = context.reference
    offsets = (
        ctf.defocus_um[0] - reference.defocus_um,
        ctf.scale[0],
        ctf.bfactor_ang2[0] - reference.bfactor_ang2,
    )
    return SliceParticles(
        jnp.asarray(origins.first_px[:, None]),
        jnp.asarray(origins.residual_px[:, None, 0]),
        jnp.asarray(origins.residual_px[:, None, 1]),
        ParticleCtf(*(jnp.asarray(values[:, None], dtype=jnp.float32) for values in offsets)),
    )


@cache
def samples_of(golden: Path) -> list[list[np.ndarray]]:
    """The four channels (y, x, 1) of every tilt."""
    context = context_of(golden)
    size_px = context.settings.super_box_px
    return [
        [
            np.asarray(channel)
            for channel in compute_samples(
                context.shared, particles_of(golden), jnp.int32(tilt), size_px, local_bfactors=False
            )
        ]
        for tilt in range(context.series.geometry.n_tilts)
    ]


def test_matrices(golden: Path) -> None:
    matrices = shared_tilt_matrices(context_of(golden).series.geometry)
    assert matrices is not None
    np.testing.assert_allclose(matrices, stages(golden)["matrices"], atol=1e-6)


def test_images(golden: Path) -> None:
    context, particles = context_of(golden), particles_of(golden)
    size_px = context.settings.super_box_px
    inputs = load_case(golden, "vol_default_b16").series.images
    images = pad_images(inputs, size_px)[: len(inputs)]
    boxes = jnp.concatenate(
        [
            extract_boxes(jnp.asarray(image), jnp.asarray(first), size_px)
            for image, first in zip(images, particles.first_px, strict=True)
        ]
    )
    x, y = (jnp.asarray(axis / size_px, dtype=jnp.float32) for axis in image_frequencies(size_px))
    shift = (jnp.asarray(values[:, 0] + size_px / 2) for values in particles[1:3])
    cosine, sine = (np.moveaxis(np.asarray(part), -1, 0) for part in shift_phases(x, y, *shift))
    spectra = np.asarray(box_spectra(boxes)) * (cosine + 1j * sine)
    assert relative_rms(spectra, stages(golden)["images_ft"]) < 1e-5


@pytest.mark.parametrize(("name", "which"), [("ctf_unweighted", 0), ("ctf_weighted", 1)])
def test_ctfs(golden: Path, name: str, which: int) -> None:
    context, particles = context_of(golden), particles_of(golden)
    for tilt, expected in enumerate(stages(golden)[name]):
        particle = ParticleCtf(*(values[tilt] for values in particles.ctf))
        ctf = evaluate_ctf(context.shared.grids, tilt, particle, local_bfactors=False)[which]
        assert np.abs(np.asarray(ctf)[..., 0] - expected).max() < 1e-5


def centred(values: np.ndarray, size_px: int) -> np.ndarray:
    """Rows as in ``half_space`` to rows -(S/2 - 1) ... S/2 - 1."""
    order = np.argsort(np.where(np.arange(size_px) == size_px // 2, 99999, volume_index(size_px)))[:-1]
    return values[order][:, order]


def check_projector(sums: np.ndarray, golden: Path, size_px: int) -> None:
    """Sums (z, y, x, channel), each sample of the plane x = 0 once, against those with all mirror images."""
    sums = centred(sums, size_px)[:, :, : size_px // 2]
    data = (sums[..., REAL] + 1j * sums[..., IMAGINARY]) / size_px**2
    opposite = np.conj(data[::-1, ::-1, 0])
    middle = size_px // 2 - 1
    opposite[middle, middle] = 0.0
    data[..., 0] += opposite
    real = sums[..., CTF:].copy()
    mirrored = real[::-1, ::-1, 0].copy()
    mirrored[middle, middle] = 0.0
    real[..., 0, :] += mirrored
    names = ["projector_data", "projector_ctf_data", "projector_weights", "multiplicity"]
    found = [data, real[..., CTF - CTF], real[..., WEIGHT - CTF]]
    if real.shape[-1] > TAPS - CTF:
        found.append(np.minimum(real[..., TAPS - CTF], 1.0))
    axis = np.arange(1 - size_px // 2, size_px // 2)
    inside = axis[:, None, None] ** 2 + axis[:, None] ** 2 + np.arange(size_px // 2) ** 2 < size_px**2 / 4
    kept = slice(2, size_px + 1)  # -(S/2 - 1) ... S/2 - 1 where the origin is at S/2 + 1
    for name, values in zip(names, found, strict=False):
        expected = stages(golden)[name][kept, kept, : size_px // 2].copy()
        for array in (values, expected):  # the origin's imaginary part has no effect
            array[middle, middle, 0] = array[middle, middle, 0].real
        assert relative_rms(values[inside], expected[inside]) < 2e-5, name


def test_sums_with_the_fixed_operator(golden: Path) -> None:
    context = context_of(golden)
    size_px, insertion = context.settings.super_box_px, context.insertion
    assert isinstance(insertion, FixedInsertion)
    signs = np.asarray(insertion.signs)
    channels = np.stack([np.stack(tilt, axis=-2) for tilt in samples_of(golden)])[..., 0]
    channels[..., IMAGINARY] *= signs[: len(channels)]
    rows = jnp.asarray(channels.reshape(-1, 4))
    voxels = np.zeros((size_px * size_px * (size_px // 2), 4), dtype=np.float32)
    for group, table in zip(context.shape.slabs, insertion.operator.groups, strict=True):
        for slab in range(group.n_slabs):
            number = group.first + slab
            sums = sum_slab(
                insertion.operator.units, jnp.int32(number), rows, table.gain.shape[1], context.shape.folds
            )
            voxel = slab_numbers(size_px, group) + number * group.width * size_px**2
            known = voxel < len(voxels)
            voxels[voxel[known]] = np.asarray(sums)[np.asarray(table.row[slab])[known]]
    by_axis = np.moveaxis(voxels.reshape(size_px // 2, size_px, size_px, 4), 0, 2)
    check_projector(by_axis, golden, size_px)


def test_sums_with_an_orientation_for_each_particle(golden: Path) -> None:
    context = context_of(golden, prerotate=True)
    size_px, insertion = context.settings.super_box_px, context.insertion
    assert isinstance(insertion, RotatedInsertion)
    matrices = jnp.asarray(stages(golden)["matrices"], dtype=jnp.float32)
    sums = empty_sums(size_px, 1, context.shape.slabs)
    tilts = samples_of(golden)
    for first in range(0, len(tilts), 2):
        channels = tuple(jnp.asarray(np.stack(some)) for some in zip(*tilts[first : first + 2], strict=True))
        some = matrices[first : first + len(channels[0]), None]
        sums = insert_tilts(sums, channels, insertion, some, jnp.ones(len(some), dtype=bool), size_px)
    check_projector(np.asarray(sums)[0, :size_px, :size_px], golden, size_px)


def test_whole_super_box(golden: Path) -> None:
    case = load_case(golden, "vol_default_b16")
    size_px = case.settings.super_box_px
    (result,) = export_unit(
        context_of(golden, whole=True), case.arrays["coord_keys"][:1], case.arrays["angle_keys"][:1]
    )
    assert relative_rms(result.volumes[0], stages(golden)["volume_super"]) < 1e-5
    spectrum = np.fft.irfftn(result.ctfs[0].astype(np.float64), s=(size_px,) * 3, axes=(0, 1, 2))
    psf = np.fft.fftshift(spectrum) * size_px**2
    inner = (slice(1, None),) * 3  # at -S/2 the real part of the transform mixes a point with +S/2
    assert relative_rms(psf[inner], stages(golden)["psf_super"][inner]) < 1e-5
