"""One compiled function: boxes out of tilt images, centred to a fraction of a pixel, times their CTF.

Image by image, whichever particle and tilt it belongs to, so that only the images that are wanted are
computed and the compiled program depends on the box, the image size, the tilts and the number of slots
alone.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64, Int32

from mtui.engine.turns import cos_turns, sin_turns


class ImageSource(NamedTuple):
    """What all images of a series have in common, on the device; half planes include Nyquist."""

    images: Float[Array | np.ndarray, "tilt height width"]  # edges repeated by the box on all sides
    phase_turns: Float[Array | np.ndarray, "tilt y x_half"]  # of the CTF at the reference defocus
    turns_per_um: Float[Array | np.ndarray, "y x_half"]
    gain: Float[Array | np.ndarray, "tilt y x_half"]  # what multiplies the sine


class ImageSlots(NamedTuple):
    """Which images to make."""

    tilt: Int32[Array | np.ndarray, " slot"]
    first_px: Int32[Array | np.ndarray, "slot 2"]  # x, y of the box's first pixel, may lie outside the image
    residual_px: Float[Array | np.ndarray, "slot 2"]
    defocus_um: Float[Array | np.ndarray, " slot"]  # over the reference


def half_plane_cycles(size_px: int) -> tuple[Float64[np.ndarray, " x_half"], Float64[np.ndarray, " y"]]:
    """Cycles per pixel of the columns and rows of an ``rfft2``, the row at Nyquist as +1/2, as in M."""
    rows = np.fft.fftfreq(size_px)
    rows[size_px // 2] = 0.5
    return np.arange(size_px // 2 + 1) / size_px, rows


@partial(jax.jit, static_argnames=("box_px", "multiply"))
def make_images(
    source: ImageSource, slots: ImageSlots, box_px: int, *, multiply: bool
) -> Float[Array, "slot y x"]:
    """Particle images (slots, N, N), particle centre at pixel N/2, in the units of the tilt images.

    As M's ``GetImagesForOneParticle`` and ``ReconstructParticleSeries``: cut at whole pixels, shift by
    phases, times CTF and weights where ``multiply``, and back. The imaginary parts of the columns at zero
    and Nyquist are dropped, as every complex-to-real transform does.
    """
    spectra = jnp.fft.rfft2(_cut(source.images, slots, box_px))
    cycles_x, cycles_y = half_plane_cycles(box_px)
    along_x = _phases(cycles_x, slots.residual_px[:, 0])[:, None, :]
    along_y = _phases(cycles_y, slots.residual_px[:, 1])[:, :, None]
    spectra = spectra * (along_x * along_y)
    if multiply:
        turns = source.phase_turns[slots.tilt] + source.turns_per_um * slots.defocus_um[:, None, None]
        spectra = spectra * (-sin_turns(turns) * source.gain[slots.tilt])
    return jnp.fft.irfft2(spectra, (box_px, box_px))


def _cut(
    images: Float[Array | np.ndarray, "tilt height width"], slots: ImageSlots, box_px: int
) -> Float[Array, "slot y x"]:
    # A box that misses the image shows the repeated edge wherever it lies.
    last = np.array([images.shape[2], images.shape[1]], dtype=np.int32) - box_px
    first = jnp.clip(slots.first_px + box_px, 0, last)

    def cut(tilt: Int32[Array, ""], corner: Int32[Array, " 2"]) -> Float[Array, "y x"]:
        return jax.lax.dynamic_slice(images, (tilt, corner[1], corner[0]), (1, box_px, box_px))[0]

    return jax.vmap(cut)(jnp.asarray(slots.tilt), first)


def _phases(cycles: Float64[np.ndarray, " size"], shift_px: Float[Array | np.ndarray, " slot"]) -> Array:
    turns = jnp.asarray(cycles, dtype=jnp.float32) * shift_px[:, None]
    return jax.lax.complex(cos_turns(turns), -sin_turns(turns))
