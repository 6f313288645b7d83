"""Image series: a stack of tilt images per particle, and at the end the mean of each tilt's images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.engine.image_series import ImageSeriesContext, extract_images, place_image_series
from mtui.formats.mrc import mrc_chunks, read_volume
from mtui.geometry.tilts import Frame
from mtui.jobs.images import stored_values
from mtui.jobs.unit_poses import options_of, poses_of, profile_of, stack_rule
from mtui.jobs.units import UnitRecord
from mtui.jobs.work import Device, Setting, device_of
from mtui.model.export_plan import Unit
from mtui.profiles.hand import Hand, HandRule, compute_hand
from mtui.profiles.names import stack_average_name
from mtui.profiles.poses import project_poses
from mtui.profiles.profile import UnitTables
from mtui.profiles.stacks import UnitStacks, plan_stacks, slice_order
from mtui.profiles.tomogram import tomogram_centre_ang

MOST_PIXELS = 1 << 24
"""Of the images that are computed before they are handed on to be written: 64 MB."""


def split_by_size(sizes: Sequence[int], limit: int) -> Iterator[slice]:
    """Neighbours whose sizes add up to at most ``limit``, or single ones that are larger."""
    first, total = 0, 0
    for place, size in enumerate(sizes):
        if place > first and total + size > limit:
            yield slice(first, place)
            first, total = place, 0
        total += size
    if first < len(sizes):
        yield slice(first, len(sizes))


@dataclass(slots=True)
class TiltSums:
    """Sum of the images of each tilt, as they stand in the files."""

    total: NDArray[np.float64]
    count: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.count = np.zeros(len(self.total), np.int64)

    def add(self, tilts: NDArray[np.intp], stack: NDArray[np.float32]) -> None:
        """Add one particle's stack (slice, y, x) whose slices are of these tilts."""
        self.total[tilts] += stack
        self.count[tilts] += 1

    @property
    def mean(self) -> NDArray[np.float32]:
        """(T, y, x); 0 for a tilt without images."""
        return (self.total / np.maximum(self.count, 1)[:, None, None]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class StackWork:
    """Stacks of one tilt series."""

    setting: Setting
    context: ImageSeriesContext
    hand: Hand | None
    sums: TiltSums

    @classmethod
    def begin(cls, setting: Setting, context: ImageSeriesContext) -> StackWork:
        """Put the series on its device, and find its hand."""
        box_px = setting.plan.box_px
        sums = TiltSums(np.zeros((setting.facts.geometry.n_tilts, box_px, box_px)))
        return cls(setting, place_image_series(context), _find_hand(setting, context.series.frame), sums)

    @property
    def device(self) -> Device:
        """Where it is computed."""
        return device_of(self.context.source.images)

    def export(self, unit: Unit) -> UnitRecord:
        """Compute and write a unit; raises WriteError."""
        plan = self.setting.plan
        stacks = self._stacks(unit)
        for path, tilts, stack in zip(self._paths(stacks), stacks.slices, self._images(stacks), strict=True):
            self._save(path, stack)
            self.sums.add(tilts, stored_values(stack, half=not plan.settings.float32))
        tables = UnitTables(
            stacks.poses, options_of(plan), stacks, self.hand, describes_series=unit.start == 0
        )
        part = profile_of(plan).part_of(tables)
        visible = stacks.projections.visible
        cut = sum(not seen[tilts].all() for seen, tilts in zip(visible, stacks.slices, strict=True))
        return self.setting.record(unit, part, outside=cut, dropped=stacks.n_dropped)

    def keep(self, unit: Unit) -> None:
        """Add the stacks of an earlier run to the means."""
        stacks = self._stacks(unit)
        for path, tilts in zip(self._paths(stacks), stacks.slices, strict=True):
            self.sums.add(tilts, read_volume(path))

    def finish(self) -> None:
        """Write the mean of each tilt, in the order of the stacks' slices; raises WriteError."""
        facts = self.setting.facts
        if len(facts.tilts) and self.sums.count.any():
            name = stack_average_name(facts.root, facts.species, facts.pixel)
            order = slice_order(facts, profile_of(self.setting.plan).tilt_order)
            self._save(self.setting.series.folder / name, self.sums.mean[order])

    def _images(self, stacks: UnitStacks) -> Iterator[NDArray[np.float32]]:
        """Stacks (slice, y, x), a few of them computed at once, so that memory does not grow with the box."""
        coords = stacks.poses.coords_ang
        depths = [len(tilts) for tilts in stacks.slices]
        for part in split_by_size(depths, MOST_PIXELS // self.setting.plan.box_px**2):
            tilt = np.concatenate(stacks.slices[part])
            particle = np.repeat(np.arange(part.stop - part.start), depths[part])
            images = extract_images(self.context, coords[part], particle, tilt)
            yield from np.split(images, np.cumsum(depths[part])[:-1])

    def _stacks(self, unit: Unit) -> UnitStacks:
        plan = self.setting.plan
        poses = poses_of(plan, self.setting.series, self.setting.facts, unit)
        frame = self.context.series.frame
        projections = project_poses(poses, frame, plan.diameter_ang)
        return plan_stacks(poses, projections, frame, stack_rule(plan), profile_of(plan).tilt_order)

    def _paths(self, stacks: UnitStacks) -> list[Path]:
        facts, folder = self.setting.facts, self.setting.series.folder
        name_stack = profile_of(self.setting.plan).name_stack
        numbers = stacks.poses.number.tolist()
        return [folder / name_stack(facts.root, facts.species, number, facts.pixel) for number in numbers]

    def _save(self, path: Path, stack: NDArray[np.float32]) -> None:
        half = not self.setting.plan.settings.float32
        angpix = self.setting.facts.angpix
        encode = partial(mrc_chunks, array=stack, angpix=angpix, half=half, standard=True)
        self.setting.writers.submit(path, encode, stack.nbytes)


def _find_hand(setting: Setting, frame: Frame) -> Hand | None:
    plan, facts = setting.plan, setting.facts
    if not profile_of(plan).needs_hand:
        return None
    rules: dict[str, HandRule] = {"warptools": "warptools", "+1": "+1", "-1": "-1"}
    starts = plan.particles.positions_ang[setting.series.rows, 0].astype(np.float64)
    centre = tomogram_centre_ang(facts)
    return compute_hand(facts.geometry, frame, centre, starts, rules.get(plan.settings.hand, "auto"))
