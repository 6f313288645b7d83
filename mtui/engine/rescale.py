"""Rescaling of images in Fourier space."""

from __future__ import annotations

import numpy as np
import scipy.fft
from jaxtyping import Float, Float32, Int


def rescale_image(
    image: Float[np.ndarray, "height width"], size_px: tuple[int, int]
) -> Float32[np.ndarray, "new_height new_width"]:
    """Crop or pad the Fourier transform of an image to (width, height); values and mean are kept.

    Matches M's ``Image.AsScaled``: one transform of the whole image without taper. When an axis shrinks, its
    new Nyquist row is the old image's at **+Nyquist** and nothing is averaged there; when it grows, the old
    Nyquist column is dropped and the old Nyquist row goes to the negative side. M cannot grow one axis and
    shrink the other, and pads odd sizes one row off; here each axis is right by itself.
    """
    height, width = image.shape
    new_width, new_height = size_px
    if (new_width, new_height) == (width, height):
        return np.asarray(image, dtype=np.float32)
    spectrum = scipy.fft.rfft(np.asarray(image, dtype=np.float32), axis=1)
    spectrum = _fit_columns(spectrum, width, new_width)
    spectrum = _fit_rows(scipy.fft.fft(spectrum, axis=0, overwrite_x=True), new_height)
    rows = scipy.fft.ifft(spectrum, axis=0, norm="forward", overwrite_x=True)
    scaled = scipy.fft.irfft(rows, n=new_width, axis=1, norm="forward", overwrite_x=True)
    return np.asarray(scaled / np.float32(width * height), dtype=np.float32)


def _fit_columns(half: np.ndarray, width: int, new_width: int) -> np.ndarray:
    if new_width <= width:
        return half[:, : new_width // 2 + 1]
    padded = np.zeros((len(half), new_width // 2 + 1), dtype=half.dtype)
    kept = (width + 1) // 2
    padded[:, :kept] = half[:, :kept]
    return padded


def _fit_rows(spectrum: np.ndarray, new_height: int) -> np.ndarray:
    height = len(spectrum)
    frequency = _row_frequencies(new_height)
    if new_height <= height:
        return np.take(spectrum, frequency % height, axis=0)
    padded = np.zeros((new_height, spectrum.shape[1]), dtype=spectrum.dtype)
    known = (frequency >= -(height // 2)) & (frequency < (height + 1) // 2)
    padded[known] = spectrum[frequency[known] % height]
    return padded


def _row_frequencies(height: int) -> Int[np.ndarray, " height"]:
    """Signed frequency of every row; the row at Nyquist counts as positive."""
    rows = np.arange(height)
    return np.where(rows <= height // 2, rows, rows - height)
