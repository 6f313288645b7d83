"""Preprocessing, extraction and normalisation against an independent float64 implementation."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from mtui.engine.extraction import box_origins, box_spectra, extract_boxes, pad_images, shift_phases
from mtui.engine.half_space import image_frequencies
from mtui.engine.preprocessing import (
    Preprocessing,
    band_pass,
    band_pass_mask,
    preprocess_image,
    subtract_plane,
)
from mtui.engine.rescale import rescale_image
from mtui.engine.volumes import compute_finishing, normalize_volumes

pytestmark = pytest.mark.shared


def relative_rms(result: np.ndarray, expected: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.abs(result - expected) ** 2) / np.mean(np.abs(expected) ** 2)))


def read(golden: Path, name: str) -> dict[str, np.ndarray]:
    with np.load(golden / f"{name}.npz") as data:
        return dict(data)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("rescaled_down", "image"),
        ("rescaled_same_width", "image"),
        ("rescaled_up", "image"),
        ("rescaled_odd_down", "image_odd"),
    ],
)
def test_rescaling(golden: Path, name: str, source: str) -> None:
    data = read(golden, "preprocess")
    height, width = data[name].shape
    assert relative_rms(rescale_image(data[source], (width, height)), data[name]) < 1e-6


def test_plane(golden: Path) -> None:
    data = read(golden, "preprocess")
    assert relative_rms(subtract_plane(data["rescaled_down"]), data["plane_removed"]) < 2e-6


@pytest.mark.parametrize("box_px", [10, 16])
def test_band_pass(golden: Path, box_px: int) -> None:
    data = read(golden, "preprocess")
    image = data["rescaled_down"]
    np.testing.assert_array_equal(band_pass_mask(image.shape, box_px), data[f"bandpass_mask_{box_px}"])
    assert relative_rms(band_pass(image, box_px), data[f"bandpass_{box_px}"]) < 1e-5


@pytest.mark.parametrize("box_px", [10, 16])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("invert", [False, True])
def test_whole_preprocessing(golden: Path, box_px: int, normalize: bool, invert: bool) -> None:
    data = read(golden, "preprocess")
    result = preprocess_image(data["rescaled_down"], Preprocessing(box_px, normalize, invert))
    expected = data[f"preprocessed_{box_px}_normalize{normalize:d}_invert{invert:d}"]
    assert relative_rms(result, expected) < 1e-5


def test_boxes_and_their_origins(golden: Path) -> None:
    data = read(golden, "extraction")
    origins = box_origins(data["positions_px"], int(data["box"]))
    np.testing.assert_array_equal(origins.first_px, data["origin"])
    np.testing.assert_allclose(origins.residual_px, data["residual"], atol=1e-6)
    image = pad_images(data["image"][None], int(data["box"]))[0]
    boxes = extract_boxes(jnp.asarray(image), jnp.asarray(origins.first_px), int(data["box"]))
    np.testing.assert_array_equal(boxes, data["pixels"])


@pytest.mark.parametrize(("name", "centre"), [("decentred", 0.5), ("centred", 0.0)])
def test_shifted_spectra(golden: Path, name: str, centre: float) -> None:
    data = read(golden, "extraction")
    size_px = int(data["box"])
    x, y = (jnp.asarray(axis / size_px, dtype=jnp.float32) for axis in image_frequencies(size_px))
    shift = jnp.asarray(data["residual"] + centre * size_px, dtype=jnp.float32)
    cosine, sine = shift_phases(x, y, shift[:, 0], shift[:, 1])
    phases = np.moveaxis(np.asarray(cosine) + 1j * np.asarray(sine), -1, 0)
    spectra = np.asarray(box_spectra(jnp.asarray(data["pixels"])))
    assert relative_rms(spectra * phases, data[name]) < 3e-6


def test_output_normalisation(golden: Path) -> None:
    data = read(golden, "norm_particles")
    for volume, radius, expected in zip(data["input"], data["radius"], data["output"], strict=True):
        finishing = compute_finishing(volume.shape[-1], int(radius), sparse=False)
        result = np.asarray(normalize_volumes(jnp.asarray(volume[None]), finishing))[0]
        assert relative_rms(result, expected) < 3e-6
