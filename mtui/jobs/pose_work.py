"""Poses without images."""

from __future__ import annotations

from dataclasses import dataclass

from mtui.jobs.unit_poses import options_of, poses_of, profile_of
from mtui.jobs.units import UnitRecord
from mtui.jobs.work import Device, Setting
from mtui.model.export_plan import Unit
from mtui.profiles.profile import UnitTables


@dataclass(frozen=True, slots=True)
class PoseWork:
    """Poses of one tilt series."""

    setting: Setting

    @property
    def device(self) -> Device:
        """Nothing is computed on a device."""
        return Device()

    def export(self, unit: Unit) -> UnitRecord:
        """The rows of a unit."""
        plan = self.setting.plan
        poses = poses_of(plan, self.setting.series, self.setting.facts, unit)
        part = profile_of(plan).part_of(UnitTables(poses, options_of(plan)))
        return self.setting.record(unit, part)

    def keep(self, unit: Unit) -> None:
        """Nothing: the rows are in the record."""

    def finish(self) -> None:
        """Nothing: there are no images."""
