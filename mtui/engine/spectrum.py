"""From sums over taps to the Fourier volumes that are transformed back.

    volume spectrum = M sum(w I C_w)   / max(|sum(w |C_u|)|, 1e-4)
    CTF spectrum    = M sum(w C_u C_w) / max(|sum(w |C_u|)|, 1e-4)      M = min(1, sum(w))

The denominator is the unweighted CTF: dose and tilt weights attenuate the result instead of cancelling. M
keeps voxels that are only partly covered from being amplified; it multiplies the numerator alone. Tilts that
are deselected or beyond a dose limit still count in the denominator and in M. Matches
``Projector.Reconstruct`` as called by ``TiltSeries.ReconstructSubtomos``.

On the plane x = 0, M adds to every voxel but the origin the conjugate of what the opposite one gets. For the
denominator and M that is done here. For the numerators it is not needed: only the real part of the transform
is kept, in which a voxel and its mirror image count the same, so every voxel of the half space stands for
two (the origin, whose gain is halved, for one).
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

SMALLEST_WEIGHT = 1e-4

# Sums of a voxel: real and imaginary part of I C_w, C_u C_w, |C_u|.
REAL, IMAGINARY, CTF, WEIGHT = range(4)


def spectrum_factor(
    multiplicity: Float[Array, "*#shape"], weight: Float[Array, "*#shape"]
) -> Float[Array, "*shape"]:
    """Factor that turns the sums ``REAL``, ``IMAGINARY`` and ``CTF`` into spectra."""
    return multiplicity / jnp.maximum(jnp.abs(weight), SMALLEST_WEIGHT)
