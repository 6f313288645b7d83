"""Replacing masked dirt in a tilt image by noise that looks like its surroundings.

Matches M's ``EraseDirt`` in its statistics, not bit by bit: M seeds its generator with a sum over pixels
whose order is not defined. Its components also wrap around the image's left and right border, which is not
done here.
"""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float32

NEIGHBOURHOOD_PX = 8
SMOOTHING_PX = 12.0
NOISE_SCALE = 0.1

_EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)


def erase_dirt(
    image: Float32[np.ndarray, "height width"],
    mask: Bool[np.ndarray, "height width"],
    random: np.random.Generator,
) -> Float32[np.ndarray, "height width"]:
    """Fill every connected region of a mask with noise of the mean and a tenth of the deviation around it.

    The surroundings (8 px, growing along rows and columns, outside every mask) are blended into the same
    noise by a raised cosine of the distance to the mask over 12 px.

    Parameters
    ----------
    image
        (H, W) raw intensities at the output's pixel size.
    mask
        (H, W) true on dirt.
    random
        Source of the noise.
    """
    result = np.array(image, dtype=np.float32)
    if not mask.any():
        return result
    distance = np.minimum(scipy.ndimage.distance_transform_edt(~mask), SMOOTHING_PX)
    blend = (0.5 * (1.0 + np.cos(np.pi * distance / SMOOTHING_PX))).astype(np.float32)
    labels, _ = scipy.ndimage.label(mask, structure=_EIGHT_CONNECTED)
    for number, window in enumerate(scipy.ndimage.find_objects(labels), start=1):
        around = tuple(slice(max(0, s.start - NEIGHBOURHOOD_PX), s.stop + NEIGHBOURHOOD_PX) for s in window)
        region = labels[around] == number
        _erase_region(result[around], region, mask[around], blend[around], random)
    return result


def _erase_region(
    image: np.ndarray, region: np.ndarray, mask: np.ndarray, blend: np.ndarray, random: np.random.Generator
) -> None:
    """Change one region and its surroundings in place; ``image`` is a window of the result."""
    grown = scipy.ndimage.binary_dilation(region, iterations=NEIGHBOURHOOD_PX, mask=region | ~mask)
    neighbours = grown & ~region
    values = image[neighbours].astype(np.float64)
    if len(values) < 2:
        return
    mean, deviation = values.mean(), NOISE_SCALE * values.std()
    image[region] = random.normal(mean, deviation, np.count_nonzero(region))
    noise = random.normal(mean, deviation, len(values))
    image[neighbours] = values + (noise - values) * blend[neighbours]
