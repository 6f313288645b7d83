"""Image series: a stack of tilt images per particle, and at the end the mean of each tilt's images."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.engine.image_series import (
    ImageSeriesContext,
    ImageSeriesSettings,
    extract_images,
    prepare_image_series,
)
from mtui.formats.mrc import read_volume, write_mrc
from mtui.jobs.images import stored_values
from mtui.jobs.series_input import LoadedSeries
from mtui.jobs.unit_poses import is_premultiplied, options_of, poses_of, profile_of, stack_rule
from mtui.jobs.units import UnitRecord
from mtui.jobs.work import Setting, device_name
from mtui.model.export_plan import Unit
from mtui.profiles.hand import Hand, HandRule, compute_hand
from mtui.profiles.names import stack_average_name
from mtui.profiles.poses import project_poses
from mtui.profiles.profile import UnitTables
from mtui.profiles.stacks import UnitStacks, plan_stacks
from mtui.profiles.tomogram import tomogram_centre_ang


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
    def begin(cls, setting: Setting, loaded: LoadedSeries) -> StackWork:
        """Make the series ready; raises EngineError."""
        plan, facts = setting.plan, setting.facts
        settings = ImageSeriesSettings(facts.angpix, plan.box_px, is_premultiplied(plan))
        context = prepare_image_series(loaded.input, settings)
        sums = TiltSums(np.zeros((facts.geometry.n_tilts, plan.box_px, plan.box_px)))
        return cls(setting, context, _find_hand(setting, loaded), sums)

    @property
    def device(self) -> str:
        """Where it is computed."""
        device = next(iter(self.context.source.images.devices()))
        return device_name(str(device.platform), device.id)

    def export(self, unit: Unit) -> UnitRecord:
        """Compute and write a unit; raises WriteError."""
        plan = self.setting.plan
        stacks = self._stacks(unit)
        images = extract_images(self.context, stacks.poses.coords_ang, *stacks.pairs)
        bounds = np.cumsum([0, *(len(tilts) for tilts in stacks.slices)])
        paths = self._paths(stacks)
        for row, (path, tilts) in enumerate(zip(paths, stacks.slices, strict=True)):
            stack = images[bounds[row] : bounds[row + 1]]
            self.setting.writers.submit(partial(self._save, path, stack))
            self.sums.add(tilts, stored_values(stack, half=not plan.settings.float32))
        self.setting.writers.wait()
        part = profile_of(plan).part_of(UnitTables(stacks.poses, options_of(plan), stacks, self.hand))
        visible = stacks.projections.visible
        cut = sum(not seen[tilts].all() for seen, tilts in zip(visible, stacks.slices, strict=True))
        return self.setting.record(unit, part, paths, outside=cut, dropped=stacks.n_dropped)

    def keep(self, unit: Unit) -> None:
        """Add the stacks of an earlier run to the means."""
        stacks = self._stacks(unit)
        for path, tilts in zip(self._paths(stacks), stacks.slices, strict=True):
            self.sums.add(tilts, read_volume(path))

    def finish(self) -> None:
        """Write the mean of each tilt, in the order of the stacks' tilts; raises WriteError."""
        facts = self.setting.facts
        if len(facts.tilts) and self.sums.count.any():
            name = stack_average_name(facts.root, facts.species, facts.pixel)
            self._save(self.setting.series.folder / name, self.sums.mean[facts.tilts])

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
        write_mrc(path, stack, self.setting.facts.angpix, half, standard=True)


def _find_hand(setting: Setting, loaded: LoadedSeries) -> Hand | None:
    plan, facts = setting.plan, setting.facts
    if not profile_of(plan).needs_hand:
        return None
    rules: dict[str, HandRule] = {"warptools": "warptools", "+1": "+1", "-1": "-1"}
    starts = plan.particles.positions_ang[setting.series.rows, 0].astype(np.float64)
    centre = tomogram_centre_ang(facts)
    return compute_hand(
        facts.geometry, loaded.input.frame, centre, starts, rules.get(plan.settings.hand, "auto")
    )
