"""Rounding to 16 bits gives NumPy's bits."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from mtui.engine.halves import round_to_half


@pytest.mark.parametrize("has_host", [True, False])
def test_every_half_and_what_lies_between_two_of_them(
    has_host: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_host(platform: str) -> None:
        raise RuntimeError(f"Unknown backend {platform}")

    if not has_host:
        monkeypatch.setattr(jax, "devices", no_host)
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
    halves = np.sort(halves[np.isfinite(halves)])
    between = ((halves[1:].astype(np.float64) + halves[:-1]) / 2).astype(np.float32)
    above, below = (np.nextafter(between, np.float32(limit)) for limit in (np.inf, -np.inf))
    for values in (halves, between, above, below):
        expected = values.astype(np.float16)
        rounded, single = round_to_half(values)
        np.testing.assert_array_equal(rounded.view(np.uint16), expected.view(np.uint16))
        np.testing.assert_array_equal(single.view(np.uint32), expected.astype(np.float32).view(np.uint32))
