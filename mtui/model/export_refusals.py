"""Exports that are refused when they are planned: they would write nonsense or overwrite themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mtui.errors import InputError
from mtui.geometry.sizes import OutputPixel, norm_radius_px
from mtui.model.population import SeriesRef

if TYPE_CHECKING:
    from mtui.model.export_plan import SeriesPlan


def refuse_missing_background(pixel: OutputPixel, box_px: int, diameter_ang: int) -> None:
    """Normalisation needs voxels outside the particle: M writes volumes of NaN. Raises InputError."""
    radius = norm_radius_px(diameter_ang, pixel.angpix)
    if 4 * radius**2 >= 3 * box_px**2:
        raise InputError(
            f"A particle of {diameter_ang} Å ({radius} px radius) fills the box of {box_px} px: nothing is "
            "left to normalise the volumes by.",
            "Use a larger box, a smaller diameter, or --no-normalize-output.",
        )


def refuse_shared_folders(series: tuple[SeriesPlan, ...]) -> None:
    """Two tilt series of one name would write the same files; raises InputError."""
    seen: dict[Path, SeriesRef] = {}
    for plan in series:
        other = seen.setdefault(plan.folder, plan.ref)
        if other is not plan.ref:
            raise InputError(
                f"Two tilt series would write the same files: {plan.ref.root} of the sources "
                f"{other.source.name!r} and {plan.ref.source.name!r}.",
                "Use --images-dir source, which keeps the images of each source apart.",
            )


def refuse_shared_names(series: tuple[SeriesPlan, ...]) -> None:
    """Tables of image series know a tilt series by its name alone; raises InputError."""
    seen: dict[str, SeriesRef] = {}
    for plan in series:
        other = seen.setdefault(plan.ref.name, plan.ref)
        if other is not plan.ref:
            raise InputError(
                f"Two tilt series are called {plan.ref.name}, in the sources {other.source.name!r} and "
                f"{plan.ref.source.name!r}; tables of image series could not tell them apart.",
                "Export from a population with one of the two sources, then from one with the other.",
            )


def refuse_blanks(series: tuple[SeriesPlan, ...], base: Path, output: Path) -> None:
    """No reader of STAR files can handle a blank in a path; raises InputError."""
    for plan in series:
        relative = os.path.relpath(plan.folder, base)
        if any(character.isspace() for character in relative + plan.ref.name):
            raise InputError(
                f"The path {relative!r} would stand in {output.name} and has a blank in it, which no reader "
                "of STAR files can handle.",
                "Put the images elsewhere with --images-dir, or use a symbolic link without blanks.",
            )
