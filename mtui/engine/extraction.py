"""Cutting particle images out of tilt images, with sub-pixel centring in Fourier space.

Matches M's ``TiltSeries.GetImagesForOneParticle``: boxes are cut at whole pixels, beyond the image's edge
the edge pixel repeats, and the rest of the position is a phase shift. Pixel i is at coordinate i.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex64, Float, Float32, Float64, Int32

from mtui.engine.batches import padded_image_px, padded_tilts
from mtui.engine.turns import cos_turns, sin_turns


@dataclass(frozen=True, slots=True)
class BoxOrigins:
    """Where boxes begin in their images; the last axis is x, y."""

    first_px: Int32[np.ndarray, "*batch 2"]  # first column and row, may lie outside the image
    residual_px: Float32[np.ndarray, "*batch 2"]  # minus the rest of the position, -1 to 1


def box_origins(positions_px: Float64[np.ndarray, "*batch 2"], size_px: int) -> BoxOrigins:
    """Split positions of box centres into first pixels and residuals.

    The fraction is cut off toward **zero**, as in M: left of and above the image the residual changes sign.
    """
    corner = positions_px - size_px // 2
    first = np.trunc(corner)
    return BoxOrigins(first.astype(np.int32), (first - corner).astype(np.float32))


def outside_image(
    origins: BoxOrigins, size_px: int, image_size_px: tuple[int, int]
) -> tuple[Bool[np.ndarray, "*batch"], Bool[np.ndarray, "*batch"]]:
    """Whether boxes reach over the edge of an image of (width, height), and whether they miss it."""
    first, last, size = origins.first_px, origins.first_px + size_px, np.asarray(image_size_px)
    partly = np.any((first < 0) | (last > size), axis=-1)
    wholly = np.any((last <= 0) | (first >= size), axis=-1)
    return partly, wholly


def pad_images(
    images: Float32[np.ndarray, "tilt height width"], size_px: int
) -> Float32[np.ndarray, "padded_tilt padded_height padded_width"]:
    """Repeat edge pixels around images, far enough for any box of ``size_px``; to one of a few sizes.

    Behind the tilts are images of zeros, as in `pad_tilts`.
    """
    sizes = [padded_image_px(size + 2 * size_px) for size in images.shape[1:]]
    margins = [
        (size_px, all_of - size - size_px) for all_of, size in zip(sizes, images.shape[1:], strict=True)
    ]
    # Image by image: they are large, and a whole copy more is noticed.
    padded = np.zeros((padded_tilts(len(images)), *sizes), dtype=np.float32)
    for number, image in enumerate(images):
        padded[number] = np.pad(image, margins, mode="edge")
    return padded


def extract_boxes(
    image: Float[Array, "height width"], first_px: Int32[Array, "particle 2"], size_px: int
) -> Float[Array, "particle y x"]:
    """Cut boxes (P, S, S) out of an image with repeated edges; ``first_px`` counts without them."""

    # Farther out than the repeated edge, every box holds the same pixels.
    last = jnp.asarray([image.shape[1], image.shape[0]], dtype=first_px.dtype) - size_px
    starts = jnp.clip(first_px + size_px, 0, last)
    boxes: Array = jax.vmap(
        lambda start: jax.lax.dynamic_slice(image, (start[1], start[0]), (size_px, size_px))
    )(starts)
    return boxes


def box_spectra(boxes: Float[Array, "*batch y x"]) -> Complex64[Array, "*batch y x_half"]:
    """``rfft2`` of boxes over S squared (M's scale)."""
    size_px = boxes.shape[-1]
    spectra: Array = jnp.fft.rfft2(boxes) / jnp.float32(size_px * size_px)
    return spectra


def shift_phases(
    cycles_x: Float[Array, "*sample"],
    cycles_y: Float[Array, "*sample"],
    shift_x_px: Float[Array, " particle"],
    shift_y_px: Float[Array, " particle"],
) -> tuple[Float[Array, "*sample particle"], Float[Array, "*sample particle"]]:
    """Real and imaginary part of the factors that move an image's content, particle last.

    Frequencies are in cycles per pixel; the row at Nyquist counts as +1/2, as in M.
    """
    turns = cycles_x[..., None] * shift_x_px + cycles_y[..., None] * shift_y_px
    return cos_turns(turns), -sin_turns(turns)
