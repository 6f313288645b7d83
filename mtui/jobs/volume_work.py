"""Sub-tomograms and their 3D CTFs, and at the end their average."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.engine.export_unit import UnitResult, export_unit
from mtui.engine.series_context import SeriesContext, place_series
from mtui.formats.mrc import mrc_chunks
from mtui.geometry.tilts import Frame
from mtui.jobs.images import RunningSum
from mtui.jobs.unit_poses import options_of, poses_of, profile_of
from mtui.jobs.units import UnitRecord
from mtui.jobs.work import Device, Setting, device_of
from mtui.model.export_plan import Unit
from mtui.profiles.names import average_name, ctf_name, volume_name
from mtui.profiles.poses import UnitPoses, project_poses
from mtui.profiles.profile import UnitTables
from mtui.profiles.stacks import UnitStacks, plan_stacks


@dataclass(frozen=True, slots=True)
class VolumeWork:
    """Volumes of one tilt series."""

    setting: Setting
    context: SeriesContext
    total: RunningSum
    ahead: dict[int, Iterator[UnitResult]] = field(default_factory=dict)
    """The unit that follows, begun while the files of the one before are finished."""

    @classmethod
    def begin(cls, setting: Setting, context: SeriesContext) -> VolumeWork:
        """Put the series on its device."""
        return cls(setting, place_series(context), RunningSum(np.zeros((setting.plan.box_px,) * 3)))

    @property
    def device(self) -> Device:
        """Where it is computed."""
        return device_of(self.context.shared.images)

    def export(self, unit: Unit) -> UnitRecord:
        """Compute and write a unit; raises WriteError."""
        plan, series = self.setting.plan, self.setting.series
        outside = 0
        for result in self.ahead.pop(unit.number, None) or self._begin_unit(unit):
            volumes, ctfs = (result.volumes, result.half_volumes), (result.ctfs, result.half_ctfs)
            for offset in range(len(result.volumes)):
                paths = self._paths(unit.start + result.first + offset)
                for path, (values, half) in zip(paths, (volumes, ctfs), strict=False):
                    self._save(path, values[offset], None if half is None else half[offset])
            is_rounded = result.half_volumes is not None
            self.total.add(result.volumes, half=not is_rounded and not plan.settings.float32)
            outside += int(np.count_nonzero(result.tilts_outside))
        self._look_ahead(unit)
        poses = poses_of(plan, series, self.setting.facts, unit)
        tables = UnitTables(poses, options_of(plan), self._stacks(poses))
        return self.setting.record(unit, profile_of(plan).part_of(tables), outside=outside)

    def keep(self, unit: Unit) -> None:
        """Add the volumes of an earlier run to the average."""
        self.ahead.clear()
        self.total.add_files([self._paths(index)[0] for index in range(unit.start, unit.stop)])

    def finish(self) -> None:
        """Write the average; raises WriteError."""
        facts = self.setting.facts
        name = average_name(facts.root, facts.species, facts.pixel)
        self._save(self.setting.series.folder / name, self.total.mean)

    def _begin_unit(self, unit: Unit) -> Iterator[UnitResult]:
        series = self.setting.series
        particles = self.setting.plan.particles.select(series.rows[unit.start : unit.stop])
        return export_unit(self.context, particles.positions_ang, particles.angles_deg)

    def _look_ahead(self, unit: Unit) -> None:
        units = self.setting.series.units
        for following in units[units.index(unit) + 1 :][:1]:
            self.ahead[following.number] = self._begin_unit(following)

    def _paths(self, index: int) -> list[Path]:
        facts, folder = self.setting.facts, self.setting.series.folder
        key = (facts.root, facts.species, index, facts.pixel)
        names = [volume_name(*key)]
        if profile_of(self.setting.plan).has_ctf_volumes:
            names.append(ctf_name(*key))
        return [folder / name for name in names]

    def _save(
        self, path: Path, values: NDArray[np.float32], rounded: NDArray[np.float16] | None = None
    ) -> None:
        """As M does, but with a header that MRC2014 calls valid (version, mean and rms)."""
        encode = partial(
            mrc_chunks,
            array=values,
            angpix=self.setting.facts.angpix,
            half=not self.setting.plan.settings.float32,
            standard=True,
            rounded=rounded,
        )
        self.setting.writers.submit(path, encode, values.nbytes)

    def _stacks(self, poses: UnitPoses) -> UnitStacks | None:
        """Every tilt of every particle, for a profile that describes them."""
        plan = self.setting.plan
        if not profile_of(plan).needs_tilts:
            return None
        frame: Frame = self.context.series.frame
        projections = project_poses(poses, frame, plan.diameter_ang)
        return plan_stacks(poses, projections, frame, "everything", "index")
