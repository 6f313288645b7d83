"""MRC files: headers, images and volumes, written as Warp and M write them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.files import write_chunks

HEADER_BYTES = 1024
HALF_LIMIT = 65504.0
"""Largest number that a float16 can hold."""
_FORCE_FLOAT32 = "WARP_FORCE_MRC_FLOAT32"
_HALF_MODE, _FLOAT_MODE = 12, 2
_MRC2014 = 20141
_TYPES = {0: "u1", 1: "i2", _FLOAT_MODE: "f4", 6: "u2", _HALF_MODE: "f2"}
"""Mode to element; Warp takes mode 0 as unsigned."""
_BYTE_ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")
_LARGEST_SIZE = 1 << 20
_FIX = "Restore the file from a backup, or make it again with Warp or M."


@dataclass(frozen=True, slots=True)
class MrcHeader:
    """What an MRC header says."""

    size_px: tuple[int, int, int]
    """Columns, rows, sections: x, y, z."""
    mode: int
    angpix: float
    """Å per pixel along x: cell length over columns, as Warp has it; 0 where the header does not say."""


@dataclass(frozen=True, slots=True)
class _Layout:
    header: MrcHeader
    element: np.dtype[np.generic]
    offset: int


def read_header(path: Path) -> MrcHeader:
    """Header of an MRC file of either byte order.

    Raises:
        FormatError: the file is missing, is no MRC file, has a mode that Warp does not read, or is shorter
            than its header says.
    """
    with _opened(path) as stream:
        return _read_layout(path, stream).header


def read_image(path: Path) -> NDArray[np.float32]:
    """First section as float32 ``(y, x)``; row 0 is the first in the file. Raises as `read_header`."""
    with _opened(path) as stream:
        layout = _read_layout(path, stream)
        x, y, _ = layout.header.size_px
        return _elements(stream, layout, x * y).reshape(y, x)


def read_volume(path: Path) -> NDArray[np.float32]:
    """All sections as float32 ``(z, y, x)``. Raises as `read_header`."""
    with _opened(path) as stream:
        layout = _read_layout(path, stream)
        x, y, z = layout.header.size_px
        return _elements(stream, layout, x * y * z).reshape(z, y, x)


def read_leading_values(path: Path, count: int) -> NDArray[np.float32]:
    """The first ``count`` values in file order as float32, or all there are. Raises as `read_header`."""
    with _opened(path) as stream:
        layout = _read_layout(path, stream)
        x, y, z = layout.header.size_px
        return _elements(stream, layout, min(count, x * y * z))


def write_mrc(
    path: Path, array: NDArray[np.floating], angpix: float, half: bool = True, *, standard: bool = False
) -> None:
    """Write an image ``(y, x)`` or a volume ``(z, y, x)`` atomically, as `mrc_chunks`; raises WriteError."""
    write_chunks(path, mrc_chunks(array, angpix, half, standard=standard))


def mrc_chunks(
    array: NDArray[np.floating],
    angpix: float,
    half: bool = True,
    *,
    standard: bool = False,
    rounded: NDArray[np.float16] | None = None,
) -> tuple[memoryview, memoryview]:
    """Header and data of the file of an image ``(y, x)`` or a volume ``(z, y, x)``.

    float16 (mode 12), as Warp exports, or float32 (mode 2) where ``half`` is false, a value does not fit into
    a float16, or WARP_FORCE_MRC_FLOAT32 is set. The cell is ``angpix`` times the array's size, for half
    spectra too. Minimum and maximum are filled in; mean, rms and version are 0 as in Warp's files, unless
    ``standard`` asks for a header that MRC2014 calls valid. Who has ``array`` as float16 already gives it as
    ``rounded``; then ``array`` holds the same numbers.
    """
    values = np.asarray(array, np.float32)
    values = values[None] if values.ndim == 2 else values
    low, high = float(values.min()), float(values.max())
    as_half = half and stores_half(low, high)
    header = _header(values.shape[::-1], _HALF_MODE if as_half else _FLOAT_MODE, angpix, low, high)
    if as_half and rounded is not None:
        data, stored = np.ascontiguousarray(rounded, "<f2"), values
    else:
        data = stored = np.ascontiguousarray(values, "<f2" if as_half else "<f4")
    if standard:
        _complete(header, stored)
    return _bytes_of(header), _bytes_of(data)


def stores_half(low: float, high: float) -> bool:
    """Whether `write_mrc` stores values in this range as float16 when asked to."""
    return max(-low, high) <= HALF_LIMIT and may_store_half()


def may_store_half() -> bool:
    """Whether the user's environment leaves float16 to those who ask for it."""
    return not os.environ.get(_FORCE_FLOAT32)


@lru_cache(maxsize=1)
def _header_type() -> np.dtype[np.void]:
    """The header's fields as mrcfile lays them out, little endian."""
    from mrcfile.dtypes import HEADER_DTYPE

    fields: np.dtype[np.void] = np.dtype(HEADER_DTYPE)
    return fields.newbyteorder("<")


def _header(shape: tuple[int, ...], mode: int, angpix: float, low: float, high: float) -> NDArray[np.void]:
    header = np.zeros((), _header_type())
    for axis, edge in zip("xyz", shape, strict=True):
        header[f"n{axis}"] = header[f"m{axis}"] = edge
        header["cella"][axis] = np.float32(angpix) * np.float32(edge)
    header["mode"] = mode
    header["cellb"] = (90.0, 90.0, 90.0)
    header["mapc"], header["mapr"], header["maps"] = 1, 2, 3
    header["dmin"], header["dmax"] = low, high
    header["map"] = b"MAP "
    header["machst"] = (0x44, 0x41, 0, 0)
    return header


def _complete(header: NDArray[np.void], stored: NDArray[np.floating]) -> None:
    """Fill in what MRC2014 wants: the version, and statistics of the values as they are stored."""
    header["dmin"], header["dmax"] = stored.min(), stored.max()
    # In place, and in one array: these passes are a good part of what writing a small volume takes.
    values = stored.astype(np.float64)
    header["dmean"] = mean = values.mean()
    values -= mean
    header["rms"] = np.sqrt(np.square(values, out=values).mean())
    header["nversion"] = _MRC2014


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist.", "Check the path.") from error
    except OSError as error:
        raise FormatError(f"{path} could not be read: {error.strerror}.", "Check the path.") from error


def _read_layout(path: Path, stream: BinaryIO) -> _Layout:
    raw = stream.read(HEADER_BYTES)
    if len(raw) < HEADER_BYTES:
        raise FormatError(f"{path} is too short for an MRC file ({len(raw)} bytes).", _FIX)
    for order in _BYTE_ORDERS:
        header = np.frombuffer(raw, _header_type().newbyteorder(order))[0]
        size = tuple(int(header[f"n{axis}"]) for axis in "xyz")
        if all(0 < edge < _LARGEST_SIZE for edge in size) and 0 <= header["mode"] < 256:
            break
    else:
        raise FormatError(f"{path} is not an MRC file.", _FIX)
    mode = int(header["mode"])
    if mode not in _TYPES:
        raise FormatError(
            f"{path} has MRC mode {mode}, which Warp does not read.",
            "Convert it to mode 2 (float32) or 12 (float16).",
        )
    angpix = float(header["cella"]["x"]) / size[0]
    element = np.dtype(order + _TYPES[mode])
    offset = HEADER_BYTES + max(0, int(header["nsymbt"]))
    _refuse_truncated(path, stream, offset + size[0] * size[1] * size[2] * element.itemsize)
    return _Layout(MrcHeader((size[0], size[1], size[2]), mode, angpix), element, offset)


def _refuse_truncated(path: Path, stream: BinaryIO, expected: int) -> None:
    found = stream.seek(0, os.SEEK_END)
    if found < expected:
        raise FormatError(
            f"{path} is truncated: its header announces {expected} bytes, it has {found}.", _FIX
        )


def _elements(stream: BinaryIO, layout: _Layout, count: int) -> NDArray[np.float32]:
    stream.seek(layout.offset)
    return np.fromfile(stream, layout.element, count).astype(np.float32)
