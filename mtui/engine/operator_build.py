"""Building the fixed sparse operator of a series, on the host, once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse
from jaxtyping import Float32, Float64, Int, Int32

from mtui.engine.batches import round_up
from mtui.engine.half_space import n_image_samples, n_voxels, opposite_number
from mtui.engine.operator import UNIT_TAPS, Chunking, SlabOperator, SlabRows, Units
from mtui.engine.sampling import Taps
from mtui.engine.slabs import SlabGroup, slab_numbers

UNITS_STEP = 1.25
FOLDED_UNITS = 2  # per slab and fold, beyond those
LOSS_PER_CHUNK = 1.5  # units; at most 1.7 of the chunks there are, and these are estimated from above


class _Chunk(NamedTuple):
    """Units of one chunk."""

    sample: Int32[np.ndarray, "unit slot unit_tap"]
    weight: Float32[np.ndarray, "unit slot unit_tap"]
    first_row: Int32[np.ndarray, " unit"]


class _Span(NamedTuple):
    """Rows of one chunk."""

    first_row: int
    fold: int


def build_operator(
    taps: Taps,
    multiplicity: Float32[np.ndarray, " voxel"],
    size_px: int,
    n_tilts: int,
    groups: tuple[SlabGroup, ...],
    chunking: Chunking,
) -> SlabOperator:
    """Sort taps into units.

    Parameters
    ----------
    taps
        From ``compute_taps``.
    multiplicity
        Factor of the numerators of every voxel, from ``compute_multiplicity``.
    size_px
        Super-box S.
    n_tilts
        Tilts of the samples that the operator is applied to, padding included.
    groups
        From ``plan_slabs``.
    chunking
        How large units are: small ones suit a cache, large ones a GPU.
    """
    shape = n_voxels(size_px), n_tilts * n_image_samples(size_px)
    matrix = scipy.sparse.coo_matrix((taps.weight, (taps.voxel, taps.sample)), shape=shape).tocsr()
    counts = np.diff(matrix.indptr)
    chunks: list[_Chunk] = []
    sizes, tables = [], []
    for group in groups:
        orders = [_sorted_voxels(counts, size_px, group, slab) for slab in range(group.n_slabs)]
        for order in orders:
            spans = _cut_chunks(counts[order], chunking)
            parts = [_chunk_units(matrix, order, span, chunking.slots) for span in spans]
            sizes.append(_count_units(spans, parts, chunking.folds))
            chunks += parts
        tables.append(_group_rows(orders, multiplicity, size_px, group, chunking))
    capacity = _unit_capacity(size_px, n_tilts, len(sizes), chunking)
    return SlabOperator(_join_units(chunks, np.array(sizes), capacity), tuple(tables))


def compute_multiplicity(taps: Taps, size_px: int) -> Float32[np.ndarray, " voxel"]:
    """``min(1, sum of weights)`` of every voxel, mirror images on the plane x = 0 included.

    Half of it at the origin: every other voxel stands for its mirror image too.
    """
    sums: Float64[np.ndarray, " voxel"] = np.bincount(
        taps.voxel, weights=taps.weight, minlength=n_voxels(size_px)
    )
    plane = np.arange(size_px * size_px)
    mirrored = sums[opposite_number(plane, size_px)]
    mirrored[0] = 0.0
    sums[plane] += mirrored
    result: Float32[np.ndarray, " voxel"] = np.minimum(sums, 1.0).astype(np.float32)
    result[0] *= 0.5
    return result


def count_rows(size_px: int, group: SlabGroup, chunking: Chunking) -> int:
    """Rows that any slab of a group may need, in whole chunks, and the row of zeros."""
    half = size_px // 2
    x = np.arange(group.first * group.width, (group.first + 1) * group.width)
    y = np.arange(1 - half, half)
    inside = x[:, None, None] ** 2 + y[:, None] ** 2 + y**2 < half * half
    # A chunk of as many rows as slots may begin wherever one of the most folded ones ended.
    offset = chunking.slots - chunking.slots // max(chunking.folds)
    return round_up(int(np.count_nonzero(inside)) + offset, chunking.slots) + 1


def _sorted_voxels(
    counts: Int[np.ndarray, " voxel"], size_px: int, group: SlabGroup, slab: int
) -> Int[np.ndarray, " voxel"]:
    """Voxels of a slab that have taps, those with most first; ``counts`` are the taps of all voxels."""
    plane = size_px * size_px
    first = min((group.first + slab) * group.width * plane, n_voxels(size_px))
    last = min(first + group.width * plane, n_voxels(size_px))
    there = counts[first:last]
    return first + np.argsort(-there, kind="stable")[: np.count_nonzero(there)]


def _cut_chunks(counts: Int[np.ndarray, " row"], chunking: Chunking) -> list[_Span]:
    """Chunks of rows with so many taps, most first, each folded as long as that takes fewer units."""
    spans, first, folds = [], 0, list(chunking.folds)
    while first < len(counts):
        while len(folds) > 1 and not _is_folding_worth(counts, first, folds, chunking.slots):
            del folds[0]
        spans.append(_Span(first, folds[0]))
        first += chunking.slots // folds[0]
    return spans


def _is_folding_worth(counts: Int[np.ndarray, " row"], first: int, folds: list[int], slots: int) -> bool:
    """Whether the rows of one chunk with the second fold take fewer units with the first one."""
    fullest = counts[first : first + slots // folds[1] : slots // folds[0]]
    n_folded = np.sum(np.ceil(fullest / (UNIT_TAPS * folds[0])))
    return bool(n_folded < np.ceil(counts[first] / (UNIT_TAPS * folds[1])))


def _count_units(spans: list[_Span], chunks: list[_Chunk], folds: tuple[int, ...]) -> list[int]:
    """Units of each fold."""
    pairs = list(zip(spans, chunks, strict=True))
    return [sum(len(chunk.first_row) for span, chunk in pairs if span.fold == fold) for fold in folds]


def _chunk_units(
    matrix: scipy.sparse.csr_matrix, order: Int[np.ndarray, " voxel"], span: _Span, slots: int
) -> _Chunk:
    n_rows, per_row = slots // span.fold, span.fold * UNIT_TAPS
    voxels = order[span.first_row : span.first_row + n_rows]
    first, counts = matrix.indptr[voxels], matrix.indptr[voxels + 1] - matrix.indptr[voxels]
    n_units = -(-int(counts.max()) // per_row)
    tap = np.arange(n_units * per_row)
    filled = tap < counts[:, None]
    source = np.where(filled, first[:, None] + tap, 0)
    shape = (n_rows, n_units, per_row)
    sample, weight = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
    sample[: len(voxels)] = np.where(filled, matrix.indices[source], 0).reshape(-1, n_units, per_row)
    weight[: len(voxels)] = np.where(filled, matrix.data[source], 0.0).reshape(-1, n_units, per_row)
    return _Chunk(
        sample.swapaxes(0, 1).reshape(n_units, slots, UNIT_TAPS),
        weight.swapaxes(0, 1).reshape(n_units, slots, UNIT_TAPS),
        np.full(n_units, span.first_row, dtype=np.int32),
    )


def _unit_capacity(size_px: int, n_tilts: int, n_slabs: int, chunking: Chunking) -> int:
    """Units that series of these sizes need, with some to spare, whatever their angles.

    The taps of all samples, and what is lost where a chunk's fullest voxel has more taps than the others.
    """
    samples = n_tilts * np.pi / 8 * size_px**2
    voxels = min(np.pi / 12 * size_px**3, samples + np.pi / 4 * size_px**2)
    chunks = voxels / chunking.slots + n_slabs
    folded = FOLDED_UNITS * n_slabs * (len(chunking.folds) - 1)
    return int(np.ceil(8 * samples / (chunking.slots * UNIT_TAPS) + LOSS_PER_CHUNK * chunks + folded))


def _join_units(chunks: list[_Chunk], sizes: Int[np.ndarray, "slab fold"], capacity: int) -> Units:
    """All units in one array, of the expected length in all but odd cases."""
    count = int(sizes.sum())
    end = np.full((len(sizes) + 1, sizes.shape[1]), count, dtype=np.int32)
    end[:-1] = (np.cumsum(sizes) - sizes.ravel()).reshape(sizes.shape)
    while capacity < count:
        capacity = int(np.ceil(capacity * UNITS_STEP))

    def join(parts: tuple[np.ndarray, ...]) -> np.ndarray:
        whole = np.zeros((capacity, *parts[0].shape[1:]), dtype=parts[0].dtype)
        np.concatenate(parts, out=whole[:count])
        return whole

    sample, weight, first_row = (join(parts) for parts in zip(*chunks, strict=True))
    return Units(sample, weight, first_row, end)


def _group_rows(
    orders: list[Int[np.ndarray, " voxel"]],
    multiplicity: Float32[np.ndarray, " voxel"],
    size_px: int,
    group: SlabGroup,
    chunking: Chunking,
) -> SlabRows:
    n_rows, plane = count_rows(size_px, group, chunking), size_px * size_px
    numbers = slab_numbers(size_px, group)
    rows = np.empty((group.n_slabs, *numbers.shape), dtype=np.int32)
    gain = np.zeros((group.n_slabs, n_rows), dtype=np.float32)
    opposite = np.full(n_rows if group.first == 0 else 0, n_rows - 1, dtype=np.int32)
    row_of_voxel = np.full(group.width * plane, n_rows - 1, dtype=np.int32)
    for slab, order in enumerate(orders):
        number = order - (group.first + slab) * group.width * plane
        row_of_voxel[number] = np.arange(len(order))
        rows[slab] = row_of_voxel[numbers]
        gain[slab, : len(order)] = multiplicity[order]
        if group.first == 0:
            mirrored = (number > 0) & (number < plane)
            opposite[: len(order)][mirrored] = row_of_voxel[opposite_number(number[mirrored], size_px)]
        row_of_voxel[number] = n_rows - 1
    return SlabRows(rows, gain, opposite)
