"""How many files an export writes, and how many bytes, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtui.settings.outputs import Output

HEADER_BYTES = 1024
ROW_BYTES = 300
"""Length of one row of a table, about."""
EXTRA_TABLES = {"relion5": 3, "raw": 1}
"""Files beside the main table: tomograms, optimisation set and dummy; the table of CTFs."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What an export writes at most."""

    files: int
    bytes: int


def amount_of(
    output: Output,
    particles: tuple[int, ...],
    box_px: int,
    tilts_of: Callable[[int], int],
    *,
    float32: bool,
) -> Amount:
    """Files and bytes of an export of ``particles`` by series.

    Stacks are counted at full depth, since which tilts show a particle takes each series' geometry;
    ``tilts_of`` gives the tilts of a series by its place and is only asked where they matter.
    """
    count, n = sum(particles), box_px
    value = 4 if float32 else 2
    tables = 1 + EXTRA_TABLES.get(output.profile, 0)
    if output.kind == "none":
        return Amount(tables, count * ROW_BYTES)
    if output.kind == "volumes":
        volume = HEADER_BYTES + value * n**3
        ctf = 0 if output.profile == "raw" else HEADER_BYTES + value * n * n * (n // 2 + 1)
        images = count * (volume + ctf + ROW_BYTES) + len(particles) * volume
        if output.profile == "raw":  # whose table of CTFs has a row per tilt
            images += sum(number * tilts_of(place) * ROW_BYTES for place, number in enumerate(particles))
        per_particle = 1 if output.profile == "raw" else 2
        return Amount(per_particle * count + len(particles) + tables, images)
    depths = [tilts_of(place) for place in range(len(particles))]
    stacks = sum(
        (number + 1) * (HEADER_BYTES + depth * value * n * n) + number * depth * ROW_BYTES
        for number, depth in zip(particles, depths, strict=True)
    )
    return Amount(count + len(particles) + tables, stacks)
