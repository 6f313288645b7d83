"""What one tilt contributes to every particle: samples of its image and of its CTFs."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int32

from mtui.engine.ctf import CtfGrids, ParticleCtf, evaluate_ctf
from mtui.engine.extraction import extract_boxes, shift_phases
from mtui.engine.fusion import materialize
from mtui.engine.half_space import image_frequencies


class SharedSeries(NamedTuple):
    """Arrays of a series on the device, tilts padded; padding tilts are never reached."""

    images: Float[Array | np.ndarray, "tilt height width"]  # with repeated edges
    grids: CtfGrids
    n_tilts: Int32[Array | np.ndarray | np.int32, ""]


class SliceParticles(NamedTuple):
    """Particles of a slice in every tilt."""

    first_px: Int32[Array | np.ndarray, "tilt particle 2"]
    residual_x_px: Float[Array | np.ndarray, "tilt particle"]
    residual_y_px: Float[Array | np.ndarray, "tilt particle"]
    ctf: ParticleCtf  # fields (tilt, particle)


def compute_samples(
    series: SharedSeries, particles: SliceParticles, tilt: Array, size_px: int, *, local_bfactors: bool
) -> tuple[Float[Array, "y x particle"], ...]:
    """Real and imaginary part of I C_w, C_u C_w and |C_u| of every sample of one tilt.

    Images are transformed without a factor: ``volumes`` divides by S^2.
    """
    boxes = extract_boxes(series.images[tilt], particles.first_px[tilt], size_px)
    spectra = jnp.moveaxis(jnp.fft.rfft2(boxes), 0, -1)
    real, imaginary = materialize((jnp.real(spectra), jnp.imag(spectra)))
    x, y = image_frequencies(size_px)
    cycles_x, cycles_y = (jnp.asarray(axis / size_px, dtype=jnp.float32) for axis in (x, y))
    cosine, sine = shift_phases(
        cycles_x, cycles_y, particles.residual_x_px[tilt], particles.residual_y_px[tilt]
    )
    particle = ParticleCtf(*(field[tilt] for field in particles.ctf))
    unweighted, weighted = evaluate_ctf(series.grids, tilt, particle, local_bfactors=local_bfactors)
    # The box's centre is its pixel S/2: moving it to pixel 0 is a sign.
    signed = weighted * (1.0 - 2.0 * ((x + y) % 2)).astype(np.float32)[..., None]
    return (
        (real * cosine - imaginary * sine) * signed,
        (real * sine + imaginary * cosine) * signed,
        unweighted * weighted,
        jnp.abs(unweighted),
    )
