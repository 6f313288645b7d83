"""Rounding to 16 bits: NumPy's bits, slice by slice where they fit."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from mtui.engine.export_unit import export_unit
from mtui.engine.halves import Images, join_images, round_to_half
from mtui.engine.series_context import prepare_series
from mtui.formats.mrc import HALF_LIMIT
from tests.engine.scene import small_export


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
        single, rounded = round_to_half(values, len(values))
        assert rounded is not None
        np.testing.assert_array_equal(rounded.view(np.uint16), expected.view(np.uint16))
        np.testing.assert_array_equal(single.view(np.uint32), expected.astype(np.float32).view(np.uint32))


def test_padding_does_not_keep_the_others_from_being_rounded() -> None:
    values = np.array([[1.1], [-2.3], [1e6]], np.float32)
    assert round_to_half(values, 3).half is None
    rounded = round_to_half(values, 2).cut(2)
    assert rounded.half is not None
    np.testing.assert_array_equal(rounded.values, np.array([[1.1], [-2.3]], np.float16))
    edge = np.array([[-HALF_LIMIT]], np.float32)
    assert round_to_half(edge, 1).half is not None


def test_parts_are_joined_as_halves_only_if_all_are() -> None:
    small = round_to_half(np.full((2, 3), 0.1, np.float32), 2)
    large = Images(np.full((1, 3), 1e6, np.float32))
    both = join_images([small, small])
    assert both.half is not None and both.half.shape == (4, 3)
    mixed = join_images([small, large])
    assert mixed.half is None
    np.testing.assert_array_equal(mixed.values, np.concatenate([small.values, large.values]))


@pytest.mark.parametrize(("scale", "fits"), [(1.0, True), (1e7, False)])
def test_results_are_rounded_where_a_slice_fits(scale: float, fits: bool) -> None:
    small = small_export(prerotate=False)
    settings = replace(small.settings, norm_radius_px=None)
    series = replace(small.series, images=small.series.images * np.float32(scale))
    exact, found = (
        list(export_unit(prepare_series(series, replace(settings, half=half)), *small.particles))
        for half in (False, True)
    )
    assert len(found) == 3
    for whole, result in zip(exact, found, strict=True):
        assert whole.half_volumes is None and whole.half_ctfs is None
        assert (result.half_volumes is not None) == fits
        expected = whole.volumes.astype(np.float16) if fits else whole.volumes
        np.testing.assert_array_equal(result.volumes, expected)
        assert result.half_ctfs is not None
        np.testing.assert_array_equal(result.half_ctfs, whole.ctfs.astype(np.float16))
        np.testing.assert_array_equal(result.ctfs, result.half_ctfs)
