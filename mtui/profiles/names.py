"""Names of the files with images. All carry the species, so that two species never write the same file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mtui.geometry.sizes import OutputPixel


def volume_name(root: str, species: str, index: int, pixel: OutputPixel) -> str:
    """A sub-tomogram, as M names it; ``index`` counts the species' particles within the series from 0."""
    return f"{root}_{species}_{index:07d}_{pixel.text_f2}A.mrc"


def ctf_name(root: str, species: str, index: int, pixel: OutputPixel) -> str:
    """Its 3D CTF."""
    return f"{root}_{species}_{index:07d}_ctf_{pixel.text_f2}A.mrc"


def average_name(root: str, species: str, pixel: OutputPixel) -> str:
    """The plain mean of a series' sub-tomograms."""
    return f"{root}_{species}_{pixel.text_f2}A_average.mrc"


def stack_name(root: str, species: str, index: int, pixel: OutputPixel) -> str:
    """A particle's stack of tilt images; WarpTools' name, which counts from 1, with the species in it."""
    return f"{root}_{species}_{pixel.text_f2}A_{index + 1:06d}.mrcs"


def classic_stack_name(root: str, species: str, index: int, pixel: OutputPixel) -> str:
    """A particle's stack as Warp 1.0.9 named it, counting from 0."""
    return f"{root}_{species}_{index:07d}_{pixel.text_f2}A.mrcs"


def stack_average_name(root: str, species: str, pixel: OutputPixel) -> str:
    """The mean of each tilt's images over a series' particles."""
    return f"{root}_{species}_{pixel.text_f2}A_average.mrcs"


def particle_name(root: str, species: str, index: int) -> str:
    """Name of a particle, unique over series and species.

    One slash with a number behind it, counting from 1, is what RELION's own scripts take apart.
    """
    return f"{root}_{species}/{index + 1}"


def group_name(root: str, species: str, index: int) -> str:
    """Name of the group that all images of a particle form in a table of images, as in Warp 1.0.9."""
    return f"{root}_{species}_{index:07d}"


_SCHEMES = (
    re.compile(r"(?P<stem>.+)_\d{7}(_ctf)?_(?P<pixel>[\d.]+A)(?P<end>\.mrcs?)"),
    re.compile(r"(?P<stem>.+)_(?P<pixel>[\d.]+A)_\d{6}(?P<end>\.mrcs?)"),
)


@dataclass(frozen=True, slots=True)
class Family:
    """What the images of one species in one series have in common when one export wrote them."""

    average: str
    """Name of their average."""
    scheme: int
    """Where the particle's number stands."""


def family_of(image: str) -> Family | None:
    """The family of an image with one of the names above; None for other names."""
    for number, scheme in enumerate(_SCHEMES):
        found = scheme.fullmatch(image)
        if found:
            return Family(f"{found['stem']}_{found['pixel']}_average{found['end']}", number)
    return None
