"""Fixed sizes that series and slices are padded to, so that few programs are compiled.

On the CPU, how many particles a slice has depends on sizes alone, never on the machine or the number of
workers: XLA's rounding may change with the shape of a batch, and a run must give the same bytes wherever it
was cut. On other devices it depends on their memory too.
"""

from __future__ import annotations

TILT_STEP = 4
MANY_TILTS = 64

CPU_SLICES = ((16, 96 * 2**20), (8, 2**30))  # particles while they take no more than so many bytes
SMALLEST_CPU_SLICE = 4
LARGEST_SLICE = 256
IN_FLIGHT_BYTES = 4 * 2**30


def padded_tilts(n_tilts: int) -> int:
    """Tilts of the arrays that hold a series: the next multiple of 4 (of 16 above 64)."""
    step = TILT_STEP if n_tilts <= MANY_TILTS else 4 * TILT_STEP
    return -(-n_tilts // step) * step


def particle_bytes(super_box_px: int, box_px: int, n_tilts: int) -> int:
    """What one particle takes in a slice: samples of all tilts, and planes transformed along z and y."""
    samples = 4 * padded_tilts(n_tilts) * super_box_px * (super_box_px // 2 + 1)
    planes = 12 * (super_box_px // 2) * (box_px // 2 + 1) ** 2
    return 4 * (samples + planes)


def cpu_slice(super_box_px: int, box_px: int, n_tilts: int) -> int:
    """Particles per slice on a CPU: rows of several cache lines, as long as a slice is small."""
    needed = particle_bytes(super_box_px, box_px, n_tilts)
    return next((count for count, limit in CPU_SLICES if count * needed <= limit), SMALLEST_CPU_SLICE)


def device_slice(super_box_px: int, n_columns: int, free_bytes: int) -> int:
    """Particles per slice on another device: a power of two; twice their sums fit into half of its memory."""
    sums = 4 * 5 * (super_box_px + 1) ** 2 * n_columns
    fitting = max(1, free_bytes // 2 // (2 * sums))
    return min(LARGEST_SLICE, 1 << (fitting.bit_length() - 1))


def slices_in_flight(slice_bytes: int, n_processors: int) -> int:
    """Slices to compute at once: one per processor, within a fixed amount of memory."""
    return max(1, min(n_processors, IN_FLIGHT_BYTES // slice_bytes))
