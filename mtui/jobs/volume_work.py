"""Sub-tomograms and their 3D CTFs, and at the end their average."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.engine.export_unit import export_unit
from mtui.engine.series_context import SeriesContext, prepare_series
from mtui.formats.mrc import write_mrc
from mtui.geometry.tilts import Frame
from mtui.jobs.images import RunningSum
from mtui.jobs.series_input import LoadedSeries
from mtui.jobs.unit_poses import options_of, poses_of, profile_of
from mtui.jobs.units import UnitRecord
from mtui.jobs.work import Setting, device_name
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

    @classmethod
    def begin(cls, setting: Setting, loaded: LoadedSeries) -> VolumeWork:
        """Make the series ready; raises EngineError."""
        shape = (setting.plan.box_px,) * 3
        return cls(setting, prepare_series(loaded.input, loaded.settings), RunningSum(np.zeros(shape)))

    @property
    def device(self) -> str:
        """Where it is computed."""
        device = next(iter(self.context.shared.images.devices()))
        return device_name(str(device.platform), device.id)

    def export(self, unit: Unit) -> UnitRecord:
        """Compute and write a unit; raises WriteError."""
        plan, series = self.setting.plan, self.setting.series
        particles = plan.particles.select(series.rows[unit.start : unit.stop])
        outside = 0
        for result in export_unit(self.context, particles.positions_ang, particles.angles_deg):
            for offset, (volume, ctf) in enumerate(zip(result.volumes, result.ctfs, strict=True)):
                index = unit.start + result.first + offset
                self.setting.writers.submit(partial(self._write, index, volume, ctf))
            self.total.add(result.volumes, half=not plan.settings.float32)
            outside += int(np.count_nonzero(result.tilts_outside))
        self.setting.writers.wait()
        files = [path for index in range(unit.start, unit.stop) for path in self._paths(index)]
        poses = poses_of(plan, series, self.setting.facts, unit)
        tables = UnitTables(poses, options_of(plan), self._stacks(poses))
        return self.setting.record(unit, profile_of(plan).part_of(tables), files, outside=outside)

    def keep(self, unit: Unit) -> None:
        """Add the volumes of an earlier run to the average."""
        self.total.add_files([self._paths(index)[0] for index in range(unit.start, unit.stop)])

    def finish(self) -> None:
        """Write the average; raises WriteError."""
        facts = self.setting.facts
        name = average_name(facts.root, facts.species, facts.pixel)
        self._save(self.setting.series.folder / name, self.total.mean)

    def _paths(self, index: int) -> list[Path]:
        facts, folder = self.setting.facts, self.setting.series.folder
        key = (facts.root, facts.species, index, facts.pixel)
        names = [volume_name(*key)]
        if profile_of(self.setting.plan).has_ctf_volumes:
            names.append(ctf_name(*key))
        return [folder / name for name in names]

    def _write(self, index: int, volume: NDArray[np.float32], ctf: NDArray[np.float32]) -> None:
        for path, values in zip(self._paths(index), (volume, ctf), strict=False):
            self._save(path, values)

    def _save(self, path: Path, values: NDArray[np.float32]) -> None:
        """Headers of the profile that is M's own are M's; the others are what MRC2014 calls valid."""
        plan = self.setting.plan
        is_standard = plan.target.profile != "relion3"
        write_mrc(path, values, self.setting.facts.angpix, not plan.settings.float32, standard=is_standard)

    def _stacks(self, poses: UnitPoses) -> UnitStacks | None:
        """Every tilt of every particle, for a profile that describes them."""
        plan = self.setting.plan
        if not profile_of(plan).needs_tilts:
            return None
        frame: Frame = self.context.series.frame
        projections = project_poses(poses, frame, plan.diameter_ang)
        return plan_stacks(poses, projections, frame, "everything", "index")
