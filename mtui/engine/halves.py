"""Rounding to 16 bits on the host's processor, many times as fast as NumPy does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float16, Float32

from mtui.formats.mrc import HALF_LIMIT


class Images(NamedTuple):
    """Images of several particles, which are the first axis: volumes, 3D CTFs."""

    values: Float32[np.ndarray, "*shape"]
    half: Float16[np.ndarray, "*shape"] | None = None
    """The same numbers, if they were rounded."""

    def cut(self, count: int) -> Images:
        """The first ones."""
        return Images(self.values[:count], None if self.half is None else self.half[:count])


def join_images(parts: Sequence[Images]) -> Images:
    """All in a row; as float16 too, if that is so of all."""
    halves = [part.half for part in parts if part.half is not None]
    half = np.concatenate(halves) if len(halves) == len(parts) else None
    return Images(np.concatenate([part.values for part in parts]), half)


def round_to_half(values: Float32[np.ndarray, "*shape"], count: int) -> Images:
    """Values rounded to the nearest float16, ties to even.

    They stay as they are where one of the first ``count`` particles' is too large for that; the others are
    padding.
    """
    counted = values[:count]
    if not max(-float(counted.min()), float(counted.max())) <= HALF_LIMIT:
        return Images(values)
    try:
        host = jax.devices("cpu")[0]
    except RuntimeError:
        # JAX was told to use nothing but another kind of device (JAX_PLATFORMS).
        half = values.astype(np.float16)
        return Images(half.astype(np.float32), half)
    half, single = _round(jax.device_put(values, host))
    return Images(np.asarray(single), np.asarray(half))


@jax.jit
def _round(values: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    half = values.astype(jnp.float16)
    return half, half.astype(jnp.float32)
