"""Tilt images: projections of every particle through the microscope, on noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mtui.demo.design import SeriesDesign
from mtui.demo.forward import Appearance
from mtui.demo.microscope import envelope, transfer
from mtui.demo.phantom import Phantom

Floats = NDArray[np.float64]

PATCH_PX = 96
"""Edge of the patch that holds one particle with the signal that defocus spreads around it."""
BACKGROUND = 8.0
"""Electrons per pixel without a specimen, before the tilt takes its share."""
CONTRAST = 0.18
"""Electrons that one unit of projected density removes."""
NOISE = 1.0


@dataclass(frozen=True, slots=True)
class Cast:
    """The particles of one kind in a series: what they are and where the images show them."""

    phantom: Phantom
    appearance: Appearance


def render_tilt(
    design: SeriesDesign, casts: tuple[Cast, ...], tilt: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The motion-corrected average (y, x) of one tilt; protein is dark.

    A deselected tilt shows a grid bar: little light and nothing else.
    """
    width, height = design.average_size_px
    noise = rng.normal(0, NOISE, (height, width))
    if not design.use_tilt[tilt]:
        return (0.1 * BACKGROUND + 0.3 * noise).astype(np.float32)
    image = _light(design, tilt) + noise
    for cast in casts:
        for patch, (left, top) in zip(*_patches(design, cast, tilt), strict=True):
            _subtract(image, CONTRAST * patch, left, top)
    return image.astype(np.float32)


def _light(design: SeriesDesign, tilt: int) -> Floats:
    """Transmitted light (y, x): less through the tilted specimen, and a little uneven."""
    width, height = design.average_size_px
    mean = BACKGROUND * (0.5 + 0.5 * float(np.cos(np.radians(design.angles_deg[tilt]))))
    slope = 0.5 * float(np.sin(np.radians(design.angles_deg[tilt])))
    across, down = np.arange(width) / width - 0.5, np.arange(height) / height - 0.5
    light: Floats = mean + slope * across + 0.2 * down[:, None]
    return light


def _patches(design: SeriesDesign, cast: Cast, tilt: int) -> tuple[Floats, NDArray[np.int64]]:
    """Patches (P, y, x) of projected density through the lens, and the image pixel (P, 2) of each corner."""
    pixel_ang = np.array(design.image_ang) / np.array(design.average_size_px)
    kx, ky = fft.rfftfreq(PATCH_PX, pixel_ang[0])[None], fft.fftfreq(PATCH_PX, pixel_ang[1])[:, None]
    appearance = cast.appearance
    place_px = appearance.xy_ang[:, tilt] / pixel_ang
    corner_px = np.floor(place_px).astype(np.int64) - PATCH_PX // 2
    spectrum = _projection(
        cast.phantom,
        design.magnification,
        appearance.matrices[:, tilt],
        (place_px - corner_px) * pixel_ang,
        kx,
        ky,
    )
    spectrum *= transfer(design.lens, tilt, appearance.defocus_um[:, tilt], kx, ky) * envelope(
        design, tilt, kx, ky
    )
    patches = fft.irfft2(spectrum, (PATCH_PX, PATCH_PX)) / np.prod(pixel_ang)
    return patches, corner_px


def _projection(
    phantom: Phantom, magnification: Floats, matrices: Floats, centre_ang: Floats, kx: Floats, ky: Floats
) -> NDArray[np.complex128]:
    """Fourier transform (P, ky, kx) in Å^2 of the projected density, its centre at ``centre_ang`` (P, 2).

    The image frequency k shows the specimen's frequency A k, so a point at u appears at A^T u.
    """
    flat = np.einsum("ji,pjc,gc->pgi", magnification, matrices[:, :2], phantom.centres_ang)
    x, y = np.moveaxis(flat + centre_ang[:, None], -1, 0)
    wave_x = phantom.amplitudes[:, None] * np.exp(-2j * np.pi * x[..., None] * kx[0])
    wave_y = np.exp(-2j * np.pi * y[..., None] * ky[:, 0])
    specimen_x = magnification[0, 0] * kx + magnification[0, 1] * ky
    specimen_y = magnification[1, 0] * kx + magnification[1, 1] * ky
    width = phantom.sigma_ang
    blob = (2 * np.pi * width**2) ** 1.5 * np.exp(-2 * (np.pi * width) ** 2 * (specimen_x**2 + specimen_y**2))
    # Not a matrix product: on a busy machine the threads of BLAS take longer to meet than this takes.
    waves: NDArray[np.complex128] = np.einsum("pgy,pgx->pyx", wave_y, wave_x)
    spectrum: NDArray[np.complex128] = waves * blob
    return spectrum


def _subtract(image: Floats, patch: Floats, left: int, top: int) -> None:
    """Take a patch away from the image; what lies beyond the edges is lost."""
    height, width = image.shape
    rows = slice(max(top, 0), min(top + PATCH_PX, height))
    columns = slice(max(left, 0), min(left + PATCH_PX, width))
    if rows.start < rows.stop and columns.start < columns.stop:
        image[rows, columns] -= patch[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
