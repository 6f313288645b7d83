"""What M does to a rescaled tilt image before particles are cut from it.

Order as in ``TiltSeries.LoadMovieSizes/LoadTiltData`` for exports: plane, band-pass, scale, sign; without
normalisation the band-pass alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Bool, Float, Float32


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How tilt images are prepared."""

    box_px: int  # of the output (not the super-box): wavelengths over twice of it are removed
    normalize: bool = True
    invert: bool = True


def preprocess_image(
    image: Float[np.ndarray, "height width"], how: Preprocessing
) -> Float32[np.ndarray, "height width"]:
    """Prepare one image of the output's pixel size; with inversion dark protein becomes bright."""
    if how.normalize:
        result = standardize(band_pass(subtract_plane(image), how.box_px))
    else:
        result = band_pass(image, how.box_px)
    return -result if how.invert else result


def subtract_plane(image: Float[np.ndarray, "height width"]) -> Float32[np.ndarray, "height width"]:
    """Subtract the least-squares plane over all pixels (M's ``SubtractMeanGrid`` with one cell)."""
    height, width = image.shape
    y, x = np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    by_column, by_row = image.mean(axis=0, dtype=np.float64), image.mean(axis=1, dtype=np.float64)
    slope_x = np.float32(_slope(x, by_column))
    slope_y = np.float32(_slope(y, by_row))
    plane = slope_y * y.astype(np.float32)[:, None] + slope_x * x.astype(np.float32)
    return np.asarray(image - np.float32(by_row.mean()) - plane, dtype=np.float32)


def band_pass(image: Float[np.ndarray, "height width"], box_px: int) -> Float32[np.ndarray, "height width"]:
    """Keep frequencies from 1/box to 1 of Nyquist with hard edges; image borders are periodic."""
    mask = band_pass_mask(image.shape, box_px)
    spectrum = scipy.fft.rfft2(np.asarray(image, dtype=np.float32))
    spectrum[~mask] = 0.0
    return np.asarray(scipy.fft.irfft2(spectrum, s=image.shape, overwrite_x=True), dtype=np.float32)


def band_pass_mask(shape: tuple[int, ...], box_px: int) -> Bool[np.ndarray, "height half_width"]:
    """Samples of ``rfft2`` that pass, by their fraction of Nyquist of each axis, in float32 as in M.

    The mean, wavelengths of more than ``2 box_px`` pixels and the corners beyond Nyquist do not pass.
    """
    height, width = shape
    rows = np.arange(height)
    y = np.where(rows <= height // 2, rows, rows - height).astype(np.float32) / np.float32(height / 2)
    x = np.arange(width // 2 + 1, dtype=np.float32) / np.float32(width / 2)
    radius = np.sqrt(x * x + (y * y)[:, None])
    return np.asarray((radius >= np.float32(1.0) / np.float32(box_px)) & (radius <= np.float32(1.0)))


def standardize(image: Float[np.ndarray, "height width"]) -> Float32[np.ndarray, "height width"]:
    """Mean 0 and standard deviation 1 over all pixels; a constant image becomes 0."""
    mean, deviation = image.mean(dtype=np.float64), image.std(dtype=np.float64)
    gain = 1.0 / deviation if deviation > 0.0 else 0.0
    return np.asarray((image - np.float32(mean)) * np.float32(gain), dtype=np.float32)


def _slope(position: np.ndarray, means: np.ndarray) -> float:
    spread = float(np.sum(position**2))
    return float(np.sum(position * means)) / spread if spread > 0.0 else 0.0
