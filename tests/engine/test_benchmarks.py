"""The parts of the benchmarks that do not only measure."""

from __future__ import annotations

import pytest

from mtui.engine.series_context import ReconstructionSettings, prepare_series
from tests.benchmarks.bench_gpu import counted_seconds
from tests.benchmarks.floor import Cost, Machine, count_cost
from tests.engine.scene import ANGPIX, plain_series


def test_only_kernels_that_compute_are_counted() -> None:
    events = [
        {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "/device:GPU:0"}},
        {"ph": "M", "name": "process_name", "pid": 2, "args": {"name": "/host:CPU"}},
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 7, "args": {"name": "Stream #7"}},
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 8, "args": {"name": "XLA Modules"}},
        {"ph": "X", "name": "loop_scatter_fusion", "pid": 1, "tid": 7, "dur": 3e6},
        {"ph": "X", "name": "loop_dynamic_update_slice_fusion_2", "pid": 1, "tid": 7, "dur": 1e6},
        {"ph": "X", "name": "loop_slice_fusion", "pid": 1, "tid": 7, "dur": 2e6},
        {"ph": "X", "name": "MemcpyD2H", "pid": 1, "tid": 7, "dur": 5e6},
        {"ph": "X", "name": "jit_reconstruct", "pid": 1, "tid": 8, "dur": 7e6},
        {"ph": "X", "name": "gemm", "pid": 2, "tid": 7, "dur": 9e6},
    ]
    assert counted_seconds(events) == pytest.approx(4.0)


def test_the_floor_is_the_larger_of_operations_and_bytes() -> None:
    cost = Cost(1e6, 2e6, 3e6, 4e6)
    assert Machine(1e9, 1e9).floor_ms(cost) == pytest.approx(6.0)
    assert Machine(1e9, 1e8).floor_ms(cost) == pytest.approx(40.0)


def test_costs_grow_with_the_box_as_they_must() -> None:
    series = plain_series()
    small, large = (
        count_cost(prepare_series(series, ReconstructionSettings(ANGPIX, box, 2 * box, None)))
        for box in (12, 24)
    )
    assert 3.5 < large.insertion_operations / small.insertion_operations < 5.0  # square of the box
    assert 8.0 < large.transform_operations / small.transform_operations < 16.0  # fourth power at most
