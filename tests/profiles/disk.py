"""Exported sets on disk, with noise for images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mtui.formats.mrc import write_mrc
from mtui.formats.star_writer import write_star
from mtui.profiles import coordinates, raw, relion5, relion31, warp_series
from mtui.profiles.names import classic_stack_name, ctf_name, stack_name, volume_name
from mtui.profiles.profile import Part, Profile, TableOptions, Target, UnitTables
from mtui.profiles.stacks import StackRule
from tests.profiles.scene import BOX_PX, make_particles, make_series, make_unit

PROFILES: dict[str, Profile] = {
    module.PROFILE.name: module.PROFILE for module in (relion31, relion5, warp_series, coordinates, raw)
}
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
        write_mrc(folder / relion5.DUMMY, np.zeros((2, 2, 2), np.float32), 8.0)
    return star


def _write_images(folder: Path, profile: Profile, unit: UnitTables, *, stacked: bool) -> None:
    assert unit.stacks is not None
    series = unit.poses.series
    for number, slices in zip(unit.poses.number.tolist(), unit.stacks.slices, strict=True):
        key = (series.root, series.species, number)
        rng = np.random.default_rng(number)
        if stacked:
            name = (classic_stack_name if profile.name == "warp-series" else stack_name)(*key, series.pixel)
            write_mrc(folder / name, rng.normal(size=(len(slices), BOX_PX, BOX_PX)), 8.0)
        else:
            write_mrc(folder / volume_name(*key, series.pixel), rng.normal(size=(BOX_PX,) * 3), 8.0)
        if profile.has_ctf_volumes:
            size = (BOX_PX, BOX_PX, BOX_PX // 2 + 1)
            write_mrc(folder / ctf_name(*key, series.pixel), rng.uniform(size=size), 8.0)
