"""Loading the tilt images of a series."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float32

from mtui.engine.dirt import erase_dirt
from mtui.engine.preprocessing import Preprocessing, preprocess_image
from mtui.engine.rescale import rescale_image
from mtui.errors import EngineError
from mtui.formats.masks import read_mask
from mtui.formats.mrc import read_image

MASK_LIMIT = 0.7
LOADING_THREADS = 2


class ImageFiles(Protocol):
    """The files of one tilt."""

    @property
    def average(self) -> Path:
        """Motion-corrected average."""

    @property
    def mask(self) -> Path | None:
        """Mask of dirt, if there is one."""


def load_tilt_images(
    files: Sequence[ImageFiles], size_px: tuple[int, int], how: Preprocessing
) -> Float32[np.ndarray, "tilt height width"]:
    """Averages of all tilts, rescaled to (width, height), cleaned of masked dirt and preprocessed.

    Raises EngineError if averages differ in size or have pixels that are not numbers, and what
    ``read_image`` and ``read_mask`` raise.
    """
    with ThreadPoolExecutor(LOADING_THREADS) as pool:
        averages = pool.map(lambda tilt: _load_tilt(files, tilt, size_px, how), range(len(files)))
        return np.stack(list(averages))


def load_dirt_mask(path: Path, size_px: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    """A mask at the images' pixel size: rescaled like an image, dirt is where it is at least 0.7."""
    return np.asarray(rescale_image(read_mask(path).astype(np.float32), size_px) >= MASK_LIMIT)


def _load_tilt(
    files: Sequence[ImageFiles], tilt: int, size_px: tuple[int, int], how: Preprocessing
) -> np.ndarray:
    average = read_image(files[tilt].average)
    if not np.isfinite(average).all():
        raise EngineError(
            f"{files[tilt].average} has pixels that are not finite numbers.", "Make this average again."
        )
    image = rescale_image(average, size_px)
    mask = files[tilt].mask
    if mask is not None:
        # Every tilt has noise of its own, the same in every run.
        image = erase_dirt(image, load_dirt_mask(mask, size_px), np.random.default_rng(tilt))
    return preprocess_image(image, how)
