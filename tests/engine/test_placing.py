"""Making a series ready takes no memory of a device; putting it there changes no number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

from mtui.engine.export_unit import export_unit
from mtui.engine.image_series import (
    ImageSeriesSettings,
    place_image_series,
    prepare_image_series,
    prepare_images_on_host,
)
from mtui.engine.series_context import place_series, prepare_on_host
from tests.engine.scene import ANGPIX, plain_series, small_export


class Elsewhere:
    """A device that has a memory of its own."""

    platform = "gpu"

    def memory_stats(self) -> dict[str, int]:
        return {"bytes_limit": 1 << 30}


DEVICE: Any = Elsewhere()


def on_device(*trees: Any) -> set[bool]:
    return {isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(trees)}


@pytest.mark.parametrize("prerotate", [False, True])
def test_volumes(prerotate: bool) -> None:
    small = small_export(prerotate=prerotate)
    context = prepare_on_host(small.series, small.settings, DEVICE)
    assert on_device(context.shared, context.insertion, context.finishing) == {False}
    placed = place_series(replace(context, device=jax.devices()[0]))
    assert on_device(placed.shared, placed.insertion, placed.finishing) == {True}
    small.check(list(export_unit(placed, *small.particles)))


def test_image_series() -> None:
    series, settings = plain_series(), ImageSeriesSettings(ANGPIX, 12)
    context = prepare_images_on_host(series, settings, DEVICE)
    assert on_device(context.source) == {False}
    placed = place_image_series(replace(context, device=jax.devices()[0]))
    assert on_device(placed.source) == {True}
    usual = prepare_image_series(series, settings)
    for before, after in zip(jax.tree.leaves(usual.source), jax.tree.leaves(placed.source), strict=True):
        np.testing.assert_array_equal(before, after)


def test_on_the_host_nothing_is_kept_twice() -> None:
    small = small_export(prerotate=False)
    context = prepare_on_host(small.series, small.settings)
    assert on_device(context.shared, context.insertion, context.finishing) == {True}
    images, again = (found.shared.images for found in (context, place_series(context)))
    assert isinstance(images, jax.Array) and isinstance(again, jax.Array)
    assert images.unsafe_buffer_pointer() == again.unsafe_buffer_pointer()
