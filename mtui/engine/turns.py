"""Sine and cosine of angles in turns, fast on every device and accurate in float32.

A CTF phase may be hundreds of radians. Counted in turns its whole part can be dropped exactly, so the error
is that of the argument alone.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

# Odd polynomial of sin(2 pi r) for |r| <= 1/4, least squares at Chebyshev nodes; within 1e-8 of the sine.
_SINE = (6.28318528, -41.34168067, 81.60248074, -76.58128456, 39.76072207)


def cos_turns(turns: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``cos(2 pi turns)``."""
    return _sine_of_quarter(0.25 - jnp.abs(turns - jnp.round(turns)))


def sin_turns(turns: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``sin(2 pi turns)``."""
    return cos_turns(turns - 0.25)


def _sine_of_quarter(r: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    square = r * r
    value = jnp.full_like(r, _SINE[-1])
    for coefficient in _SINE[-2::-1]:
        value = value * square + coefficient
    return value * r
