"""Average of exported sub-tomograms: volumes and 3D CTFs turned into the map's frame, summed, divided.

It reads what `mtui export` wrote and nothing else, with mathematics of its own, so that it judges the export.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from mtui.demo.rotations import matrices_from_euler
from mtui.errors import InputError
from mtui.formats.files import resolve_reference
from mtui.formats.mrc import read_volume
from mtui.formats.star import read_star

Floats = NDArray[np.float64]

FLOOR = 0.02
"""Least value of the summed 3D CTF, as a share of its highest: below it nothing was measured."""
_EULER = ("Rot", "Tilt", "Psi")


@dataclass(frozen=True, slots=True)
class Average:
    """The average of an export: ``volume`` (z, y, x) in the map's frame, its pixel size, particles in it."""

    volume: NDArray[np.float32]
    angpix: float
    particles: int


@dataclass(frozen=True, slots=True)
class Subtomogram:
    """One exported particle.

    ``volume`` (z, y, x); ``ctf`` (z, y, x/2 + 1), origin first; ``pose`` (3, 3), map to sub-tomogram.
    """

    volume: NDArray[np.float32]
    ctf: NDArray[np.float32]
    pose: Floats


def compute_average(star: Path) -> Average:
    """The average of what a RELION 3.0-style table lists.

    Raises:
        FormatError: the table or one of the files it lists is missing or damaged.
    """
    table = next(iter(read_star(star).values()))
    poses = matrices_from_euler(np.stack([table.numbers(f"rlnAngle{name}") for name in _EULER], axis=-1))
    subtomograms = (
        Subtomogram(
            read_volume(resolve_reference(star.parent, str(image))),
            read_volume(resolve_reference(star.parent, str(ctf))),
            pose,
        )
        for image, ctf, pose in zip(
            table.texts("rlnImageName"), table.texts("rlnCtfImage"), poses, strict=True
        )
    )
    angpix = float(table.numbers("rlnPixelSize")[0])
    return Average(average_subtomograms(subtomograms), angpix, len(table))


def average_subtomograms(subtomograms: Iterable[Subtomogram]) -> NDArray[np.float32]:
    """Sum of volumes over sum of 3D CTFs (z, y, x), each turned by its pose.

    ``pose`` takes vectors of the map to the sub-tomogram's frame, so the map at r is the sub-tomogram at
    pose r. Both are turned in real space, the 3D CTF as its point spread function; beyond the sphere that
    fits into the box both are 0.
    """
    volume_sum: Floats | None = None
    psf_sum: Floats | None = None
    for item in subtomograms:
        psf = fft.fftshift(fft.irfftn(item.ctf.astype(np.float64), item.volume.shape))
        volume, psf = turned(item.volume, item.pose), turned(psf, item.pose)
        volume_sum = volume if volume_sum is None else volume_sum + volume
        psf_sum = psf if psf_sum is None else psf_sum + psf
    if volume_sum is None or psf_sum is None:
        raise InputError("There are no particles to average.", "Export some first.")
    ctf = fft.rfftn(fft.ifftshift(psf_sum)).real
    average = fft.irfftn(fft.rfftn(volume_sum) / np.maximum(ctf, FLOOR * ctf.max()), volume_sum.shape)
    return np.asarray(average, dtype=np.float32)


def turned(volume: NDArray[np.floating], pose: Floats) -> Floats:
    """A volume (z, y, x) seen in the map's frame; cubic splines, within the sphere that fits into the box."""
    box = volume.shape[0]
    centre = box // 2
    grid = np.indices(volume.shape)[::-1].reshape(3, -1) - centre
    inside = (grid**2).sum(axis=0) < (box / 2 - 1) ** 2
    places = (pose @ grid[:, inside])[::-1] + centre
    result = np.zeros(volume.size)
    result[inside] = ndimage.map_coordinates(volume.astype(np.float64), places, order=3, mode="nearest")
    return result.reshape(volume.shape)
