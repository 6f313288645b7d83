"""Exported sets on disk, with noise for images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mtui.formats.mrc import write_mrc
from mtui.formats.star_writer import write_star
from mtui.profiles.profile import Part, Profile, TableOptions, Target, UnitTables
from mtui.profiles.registry import PROFILES
from mtui.profiles.relion5 import DUMMY
from mtui.profiles.stacks import StackRule
from mtui.settings.outputs import ImageKind
from tests.profiles.scene import BOX_PX, make_particles, make_series, make_unit

COUNT = 3


def write_set(
    folder: Path,
    name: str,
    *,
    stacked: bool | None = None,
    rule: StackRule | None = None,
    base: Path | None = None,
    series: tuple[str, ...] = ("TS_1.tomostar", "TS_2.tomostar"),
) -> Path:
    """Write a set of three particles per series; its particle table."""
    profile = PROFILES[name]
    is_series = profile.kinds[0] == "series" if stacked is None else stacked
    chosen = rule or (profile.stack if is_series else "everything")
    base = base or folder
    parts: list[Part] = []
    folder.mkdir(parents=True, exist_ok=True)
    for entry in series:
        images = folder / ("particleseries" if is_series else "subtomo") / entry.removesuffix(".tomostar")
        text = Target(folder, base).text(images)
        facts = replace(make_series(entry), images=text)
        options = TableOptions(stacked=is_series)
        unit = make_unit(facts, make_particles(COUNT), rule=chosen, order=profile.tilt_order, options=options)
        parts.append(profile.part_of(unit))
        if profile.kinds != ("none",):
            images.mkdir(parents=True)
            _write_images(images, profile, unit, stacked=is_series)
    star = folder / "particles.star"
    for file in profile.files_of(parts, Target(star, base)):
        write_star(file.path, file.tables)
    if name == "relion5":
        write_mrc(folder / DUMMY, np.zeros((2, 2, 2), np.float32), 8.0)
    return star


def _write_images(folder: Path, profile: Profile, unit: UnitTables, *, stacked: bool) -> None:
    assert unit.stacks is not None
    series = unit.poses.series
    sizes = [(BOX_PX,) * 3, (BOX_PX, BOX_PX, BOX_PX // 2 + 1)]
    for number, slices in zip(unit.poses.number.tolist(), unit.stacks.slices, strict=True):
        kind: ImageKind = "series" if stacked else "volumes"
        names = profile.image_names(kind, series.root, series.species, number, series.pixel)
        rng = np.random.default_rng(number)
        for name, size in zip(names, sizes, strict=False):
            shape = (len(slices), BOX_PX, BOX_PX) if stacked else size
            write_mrc(folder / name, rng.normal(size=shape), 8.0)
