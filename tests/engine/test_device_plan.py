"""What is computed on a GPU, in large steps, computed here on the CPU."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from mtui.engine import series_context
from mtui.engine.export_unit import export_unit
from mtui.engine.operator import UNIT_TAPS, Chunking
from mtui.engine.series_context import ReconstructionSettings, prepare_series
from mtui.engine.slices import FixedInsertion
from mtui.geometry.tilts import shared_tilt_matrices
from tests.engine.scene import ANGPIX, plain_series, small_export

SMALL = Chunking(1024, (2, 1))


def device_plan(
    series: series_context.SeriesInput, settings: ReconstructionSettings, device: jax.Device
) -> Any:
    fixed = not settings.prerotate and shared_tilt_matrices(series.geometry) is not None
    return series_context._device_plan(settings, series.geometry.n_tilts, device, fixed=fixed)


@pytest.mark.parametrize("prerotate", [False, True])
def test_large_steps_give_the_same_numbers(prerotate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    export = small_export(prerotate=prerotate)
    monkeypatch.setattr(series_context, "_plan", device_plan)
    monkeypatch.setattr(series_context, "DEVICE_CHUNKING", SMALL)
    context = prepare_series(export.series, export.settings)
    assert isinstance(context.insertion, FixedInsertion) is not prerotate
    assert context.slots > 21
    assert context.shape.tilts == (1 if prerotate else 8)
    found = list(export_unit(context, *export.particles))
    assert len(found) == 1
    export.check(found)


def test_voxels_with_many_taps_are_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    series, settings = plain_series(), ReconstructionSettings(ANGPIX, 12, 24, 3)
    taps = {}
    for name, chunking in (("folded", SMALL), ("flat", Chunking(SMALL.slots, (1,)))):
        monkeypatch.setattr(series_context, "_plan", device_plan)
        monkeypatch.setattr(series_context, "DEVICE_CHUNKING", chunking)
        insertion = prepare_series(series, settings).insertion
        assert isinstance(insertion, FixedInsertion)
        units = insertion.operator.units
        end = np.asarray(units.end)
        assert np.all(np.diff(end.ravel()) >= 0)
        if name == "folded":
            assert np.all(np.diff(end[0]) > 0)  # every fold is used
        weight = np.asarray(units.weight)
        taps[name] = (np.count_nonzero(weight), end[-1, 0] * SMALL.slots * UNIT_TAPS, weight.sum())
    assert taps["folded"][0] == taps["flat"][0]
    assert taps["folded"][2] == pytest.approx(taps["flat"][2])
    assert taps["folded"][1] < taps["flat"][1]
