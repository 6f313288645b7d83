"""Rounding to 16 bits on the host's processor, many times as fast as NumPy does it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float16, Float32


def round_to_half(
    values: Float32[np.ndarray, "*shape"],
) -> tuple[Float16[np.ndarray, "*shape"], Float32[np.ndarray, "*shape"]]:
    """Values rounded to the nearest float16, ties to even: as such, and as float32 again.

    They must fit into a float16.
    """
    try:
        host = jax.devices("cpu")[0]
    except RuntimeError:
        # JAX was told to use nothing but another kind of device (JAX_PLATFORMS).
        rounded = values.astype(np.float16)
        return rounded, rounded.astype(np.float32)
    half, single = _round(jax.device_put(values, host))
    return np.asarray(half), np.asarray(single)


@jax.jit
def _round(values: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    half = values.astype(jnp.float16)
    return half, half.astype(jnp.float32)
