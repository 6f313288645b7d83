"""Making a series ready takes no memory of the device; putting it there changes no number."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from mtui.engine.export_unit import export_unit
from mtui.engine.image_series import ImageSeriesSettings, place_image_series, prepare_images_on_host
from mtui.engine.series_context import place_series, prepare_on_host
from tests.engine.scene import ANGPIX, plain_series, small_export


def on_device(*trees: Any) -> set[bool]:
    return {isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(trees)}


@pytest.mark.parametrize("prerotate", [False, True])
def test_volumes(prerotate: bool) -> None:
    small = small_export(prerotate=prerotate)
    context = prepare_on_host(small.series, small.settings)
    assert on_device(context.shared, context.insertion, context.finishing) == {False}
    placed = place_series(context)
    assert on_device(placed.shared, placed.insertion, placed.finishing) == {True}
    found = list(export_unit(placed, *small.particles))
    for result, expected in zip(found, small.expected, strict=True):
        np.testing.assert_array_equal(result.volumes, expected.volumes)
        np.testing.assert_array_equal(result.ctfs, expected.ctfs)


def test_image_series() -> None:
    context = prepare_images_on_host(plain_series(), ImageSeriesSettings(ANGPIX, 12))
    assert on_device(context.source) == {False}
    placed = place_image_series(context)
    assert on_device(placed.source) == {True}
    for before, after in zip(jax.tree.leaves(context.source), jax.tree.leaves(placed.source), strict=True):
        np.testing.assert_array_equal(before, after)
