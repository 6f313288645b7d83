"""What one particle costs at least: operations and bytes counted, not measured.

Counted are the steps that any implementation of the same numbers has; every array is written and read once,
in float32. What a machine can do at best is measured in the same run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from mtui.engine.series_context import SeriesContext
from mtui.engine.slices import FixedInsertion

FLOAT = 4
SAMPLE_OPERATIONS = 60
"""Two phase factors, a sine for the CTF, a complex product and the weights."""
TAP_OPERATIONS = 20
"""Position, fraction and weight of a tap where they are not the same for all particles."""
CHANNELS = 4


@dataclass(frozen=True)
class Cost:
    """Of one particle."""

    image_operations: float
    insertion_operations: float
    transform_operations: float
    bytes: float

    @property
    def operations(self) -> float:
        """All of them."""
        return self.image_operations + self.insertion_operations + self.transform_operations


@dataclass(frozen=True)
class Machine:
    """The most that this machine does."""

    operations_per_s: float
    bytes_per_s: float

    def floor_ms(self, cost: Cost) -> float:
        """Milliseconds below which a particle cannot be, whatever overlaps."""
        return 1e3 * max(cost.operations / self.operations_per_s, cost.bytes / self.bytes_per_s)


def count_cost(context: SeriesContext) -> Cost:
    """Count what a particle of a series costs."""
    size, box, tilts = (
        context.settings.super_box_px,
        context.settings.box_px,
        context.series.geometry.n_tilts,
    )
    samples = tilts * size * (size // 2 + 1)
    kept = tilts * np.pi / 8 * size**2
    points = box // 2 + 1
    planes = sum(group.n_slabs * group.width for group in context.shape.slabs)
    faces = sum(group.n_slabs * group.width * group.extent * points for group in context.shape.slabs)
    along_z = sum(group.n_slabs * group.width * group.extent**2 * points for group in context.shape.slabs)
    transforms = 24.0 * (along_z + faces * points + planes * points**3) + 24.0 * points**4
    if isinstance(context.insertion, FixedInsertion):
        taps = float(np.count_nonzero(np.asarray(context.insertion.operator.units.weight)))
        insertion = 2.0 * CHANNELS * taps
        moved = FLOAT * CHANNELS * 2 * samples + 2 * FLOAT * taps / context.slots
    else:
        taps = 8.0 * kept
        insertion = (2.0 * (CHANNELS + 1) + TAP_OPERATIONS) * taps
        moved = FLOAT * (CHANNELS + 1) * 2 * size**2 * (size // 2)
    written = FLOAT * (box**3 + box**2 * points)
    return Cost(
        image_operations=2.5 * tilts * size**2 * np.log2(size**2) + SAMPLE_OPERATIONS * samples,
        insertion_operations=insertion,
        transform_operations=transforms,
        bytes=FLOAT * tilts * size**2 + moved + FLOAT * 24.0 * planes * points**2 + written,
    )


def measure_machine(size: int = 2048, turns: int = 5) -> Machine:
    """A product of large matrices, and a copy of a large array; the best of some turns."""
    matrix = jnp.ones((size, size), dtype=jnp.float32)
    large = jnp.ones(2**26, dtype=jnp.float32)
    multiply, copy = jax.jit(lambda a: a @ a), jax.jit(lambda a: a + 1.0)
    products: list[float] = []
    copies: list[float] = []
    for _ in range(turns + 1):
        for times, function, values in ((products, multiply, matrix), (copies, copy, large)):
            start = time.perf_counter()
            function(values).block_until_ready()
            times.append(time.perf_counter() - start)
    return Machine(2.0 * size**3 / min(products[1:]), 2.0 * large.nbytes / min(copies[1:]))
