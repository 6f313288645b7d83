"""Size of a raw movie's images from its header."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtui.errors import FormatError
from mtui.formats.mrc import read_header

_MRC = frozenset((".mrc", ".mrcs", ".rec", ".st", ".map"))
_TIFF = frozenset((".tif", ".tiff", ".gain", ".eer"))
_EM = frozenset((".em",))
_EM_HEADER_BYTES = 512

READABLE = _MRC | _TIFF | _EM
"""File name extensions whose headers can be read, lower case."""


def raw_image_size_px(path: Path) -> tuple[int, int]:
    """Width and height of a movie's frames; the type follows from the extension, as in Warp.

    EER frames count with their physical pixels, Warp's default.

    Raises:
        FormatError: the extension is none of `READABLE`, or the header is not what it should be.
    """
    extension = path.suffix.lower()
    if extension in _MRC:
        x, y, _ = read_header(path).size_px
        return x, y
    if extension in _TIFF:
        return _tiff_size(path)
    if extension in _EM:
        return _em_size(path)
    raise FormatError(
        f"{path} has an extension whose header cannot be read.",
        f"Known are {', '.join(sorted(READABLE))}; without the file the averages' sizes are used.",
    )


def _tiff_size(path: Path) -> tuple[int, int]:
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            return int(page.imagewidth), int(page.imagelength)
    except (OSError, tifffile.TiffFileError, IndexError) as error:
        raise FormatError(f"{path} could not be read as TIFF: {error}.", "Restore the file.") from error


def _em_size(path: Path) -> tuple[int, int]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_EM_HEADER_BYTES)
    except OSError as error:
        raise FormatError(f"{path} could not be read: {error.strerror}.", "Check the path.") from error
    sizes = np.frombuffer(raw[4:12], "<i4") if len(raw) == _EM_HEADER_BYTES else np.zeros(2, np.int32)
    if not np.all((sizes > 0) & (sizes < 1 << 20)):
        raise FormatError(f"{path} is not an EM file.", "Restore the file.")
    return int(sizes[0]), int(sizes[1])
