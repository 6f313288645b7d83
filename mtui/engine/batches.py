"""Fixed sizes that series and slices are padded to, so that few programs are compiled.

On the CPU, how many particles a slice has depends on sizes alone, never on the machine or the number of
workers: XLA's rounding may change with the shape of a batch, and a run must give the same bytes wherever it
was cut. On other devices it depends on their memory too.
"""

from __future__ import annotations

import numpy as np

TILT_STEP = 8
MANY_TILTS = 64
IMAGE_STEP_PX = 64

CPU_SLICE, SMALL_CPU_SLICE = 8, 4
CPU_SLICE_BYTES = 2**30  # at most, of a slice that is not small
LARGEST_DEVICE_SLICE = 64
DEVICE_SLICE_STEP = 4
DEVICE_IN_FLIGHT = 4
IN_FLIGHT_BYTES = 4 * 2**30
POSES_AT_ONCE = 256  # a multiple of every slice


def padded_tilts(n_tilts: int) -> int:
    """Tilts of the arrays that hold a series: the next multiple of 8 (of 16 above 64)."""
    return round_up(n_tilts, TILT_STEP if n_tilts <= MANY_TILTS else 2 * TILT_STEP)


def pad_tilts(values: np.ndarray) -> np.ndarray:
    """Zeros behind the tilts, which are the first axis."""
    missing = padded_tilts(len(values)) - len(values)
    return np.pad(values, [(0, missing)] + [(0, 0)] * (values.ndim - 1))


def padded_image_px(size_px: int) -> int:
    """Width or height of the arrays that hold images: the next multiple of 64."""
    return round_up(size_px, IMAGE_STEP_PX)


def round_up(count: int, multiple: int) -> int:
    """The next multiple of a number."""
    return -(-count // multiple) * multiple


def particle_bytes(super_box_px: int, box_px: int, n_tilts: int) -> int:
    """What one particle takes in a slice: samples of all tilts, and planes transformed along z and y."""
    samples = 4 * padded_tilts(n_tilts) * super_box_px * (super_box_px // 2 + 1)
    planes = 12 * (super_box_px // 2) * (box_px // 2 + 1) ** 2
    return 4 * (samples + planes)


def cpu_slice(super_box_px: int, box_px: int, n_tilts: int) -> int:
    """Particles per slice on a CPU: rows of two cache lines, unless a slice takes too much memory.

    Twice as many are no faster, and the last slice of a series is emptier.
    """
    needed = CPU_SLICE * particle_bytes(super_box_px, box_px, n_tilts)
    return CPU_SLICE if needed <= CPU_SLICE_BYTES else SMALL_CPU_SLICE


def sums_bytes(super_box_px: int, n_columns: int) -> int:
    """What the sums of one particle take: five channels of every voxel."""
    return 4 * 5 * (super_box_px + 1) ** 2 * n_columns


def device_slice(needed_bytes: int, free_bytes: int) -> int:
    """Particles per slice on another device: a power of two; they fit four times into its memory."""
    fitting = max(1, free_bytes // (4 * needed_bytes))
    return min(LARGEST_DEVICE_SLICE, 1 << (fitting.bit_length() - 1))


def slots_for(count: int, slots: int, platform: str) -> int:
    """Particles that are computed at once where there are ``count`` of at most ``slots``.

    On a CPU always the same, for the same bytes; elsewhere one of a few sizes, so that a short series does
    not cost as much as a long one.
    """
    if platform == "cpu":
        return slots
    while slots >= DEVICE_SLICE_STEP and slots // DEVICE_SLICE_STEP >= count:
        slots //= DEVICE_SLICE_STEP
    return slots


def slices_in_flight(slice_bytes: int, n_processors: int) -> int:
    """Slices to compute at once: one per processor, within a fixed amount of memory."""
    return max(1, min(n_processors, IN_FLIGHT_BYTES // slice_bytes))
