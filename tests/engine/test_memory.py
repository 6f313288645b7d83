"""What happens when a device's memory is too small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import pytest

from mtui.engine import export_unit as module
from mtui.engine.batches import (
    cpu_slice,
    device_slice,
    padded_image_px,
    padded_tilts,
    slices_in_flight,
    slots_for,
    sums_bytes,
)
from mtui.engine.export_unit import export_unit
from mtui.engine.series_context import ReconstructionSettings, prepare_series
from mtui.engine.slices import reconstruct_fixed
from mtui.errors import EngineError
from tests.engine.scene import ANGPIX, plain_series, random_particles, small_export


def too_small(real: Callable[..., Any], most: int, tried: list[int]) -> Callable[..., Any]:
    """A program that runs out of memory with more than ``most`` particles."""

    def run(shared: Any, insertion: Any, particles: Any, *rest: Any) -> Any:
        count = particles.first_px.shape[1]
        tried.append(count)
        if count > most:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
        return real(shared, insertion, particles, *rest)

    return run


@pytest.mark.parametrize("prerotate", [False, True])
def test_batches_are_halved_until_they_fit(prerotate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    export = small_export(prerotate=prerotate)
    tried: list[int] = []
    name = "reconstruct_rotated" if prerotate else "reconstruct_fixed"
    monkeypatch.setattr(module, name, too_small(getattr(module, name), 5, tried))
    context = prepare_series(export.series, export.settings)
    found = list(export_unit(context, *export.particles))
    assert [part.volumes.shape for part in found] == [part.volumes.shape for part in export.expected]
    export.check(found)
    assert context.fitting.slots == 4
    tried.clear()
    list(export_unit(context, *export.particles))
    assert set(tried) == {4}  # what is too much is not tried again


def test_a_particle_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    series = plain_series()
    positions, angles = random_particles(series, 2)
    monkeypatch.setattr(module, "reconstruct_fixed", too_small(reconstruct_fixed, 0, []))
    context = prepare_series(series, ReconstructionSettings(ANGPIX, 12, 24, 3))
    with pytest.raises(EngineError, match="24 px does not fit into the memory"):
        list(export_unit(context, positions, angles))


def test_other_errors_are_not_taken_for_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> None:
        raise jax.errors.JaxRuntimeError("INTERNAL: something else")

    series = plain_series()
    monkeypatch.setattr(module, "reconstruct_fixed", broken)
    context = prepare_series(series, ReconstructionSettings(ANGPIX, 12, 24, 3))
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"):
        list(export_unit(context, *random_particles(series, 1)))


def test_slices_depend_on_sizes_alone_on_a_cpu() -> None:
    assert [cpu_slice(2 * box, box, 41) for box in (32, 48, 64, 96, 256)] == [8, 8, 8, 8, 4]
    assert [slots_for(count, 16, "cpu") for count in (1, 5, 16)] == [16, 16, 16]


def test_slices_of_a_device_follow_its_memory() -> None:
    needed = sums_bytes(128, 65)
    sizes = [device_slice(needed, free) for free in (2**20, 2**30, 2**33, 80 * 2**30)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 1
    assert sizes[-1] == 64
    assert [slots_for(count, 64, "gpu") for count in (64, 17, 16, 5, 4, 1)] == [64, 64, 16, 16, 4, 1]


def test_arrays_have_few_sizes() -> None:
    assert [padded_tilts(count) for count in (1, 8, 41, 64, 65, 121)] == [8, 8, 48, 64, 80, 128]
    assert [padded_image_px(size) for size in (1, 64, 65)] == [64, 64, 128]
    assert slices_in_flight(2**30, 16) == 4
    assert slices_in_flight(2**40, 16) == 1
