"""Masks of dirt on tilt images, as Warp stores them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError


def read_mask(path: Path) -> NDArray[np.float32]:
    """Mask ``(y, x)``, 1 where there is dirt, in the frame of the images; its size is its own.

    Warp writes the scanlines upside down whatever the orientation tag says, so they are flipped exactly once.

    Raises:
        FormatError: not readable as a TIFF file with one image.
    """
    import tifffile

    try:
        stored = tifffile.imread(path)
    except (OSError, ValueError, tifffile.TiffFileError) as error:
        raise FormatError(
            f"The mask {path} could not be read as TIFF: {error}.", "Restore or remove the mask."
        ) from error
    if stored.ndim != 2:
        raise FormatError(
            f"The mask {path} holds an array of shape {stored.shape}, not one image.",
            "Restore or remove the mask.",
        )
    return np.ascontiguousarray(stored[::-1], np.float32)
