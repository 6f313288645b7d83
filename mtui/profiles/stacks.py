"""Which particles get a stack of images, and which tilts are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtui.geometry.tilts import Frame, dose_order
from mtui.profiles.poses import Projections, SeriesFacts, UnitPoses

StackRule = Literal["visible", "full", "drop-partial", "everything"]
TiltOrder = Literal["index", "dose"]


@dataclass(frozen=True, slots=True, eq=False)
class UnitStacks:
    """The particles of a unit that are kept, and what their stacks hold."""

    poses: UnitPoses
    projections: Projections
    frame: Frame
    slices: tuple[NDArray[np.intp], ...]
    """Tilt index of every slice of each particle's stack, in the order of the stack."""
    n_dropped: int
    """Particles left out because too few tilts show them."""

    @property
    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Particle (within the unit) and tilt of every image, stack by stack."""
        particle = np.repeat(np.arange(len(self.slices)), [len(tilts) for tilts in self.slices])
        return particle, np.concatenate([np.zeros(0, np.intp), *self.slices])


def plan_stacks(
    poses: UnitPoses, projections: Projections, frame: Frame, rule: StackRule, order: TiltOrder
) -> UnitStacks:
    """Decide what each particle's stack holds.

    ``visible`` puts in the tilts that show the whole particle, ``full`` all tilts, ``drop-partial`` all tilts
    of those particles that every tilt shows. A particle that no tilt shows is left out in any case: a row
    without a visible tilt makes RELION crash. Volumes, which M makes of all particles, take ``everything``.
    """
    tilts = poses.series.tilts
    visible = projections.visible[:, tilts]
    kept = visible.all(axis=1) if rule == "drop-partial" else visible.any(axis=1)
    kept = np.ones_like(kept) if rule == "everything" else kept & (len(tilts) > 0)
    shown = visible if rule == "visible" else np.ones_like(visible)
    ordered = slice_order(poses.series, order)
    rank = np.searchsorted(tilts, ordered)
    slices = tuple(ordered[row[rank]] for row in shown[kept])
    return UnitStacks(poses.select(kept), projections.select(kept), frame, slices, int(np.sum(~kept)))


def slice_order(series: SeriesFacts, order: TiltOrder) -> NDArray[np.intp]:
    """Tilt indices in the order in which stacks have them: ascending, or from the lowest dose."""
    tilts = series.tilts
    return tilts if order == "index" else tilts[dose_order(series.geometry.dose[tilts])]
