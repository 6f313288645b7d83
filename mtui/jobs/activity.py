"""What each device of a job does: the series it works on, how far it is in it, and its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mtui.jobs.events import Event


@dataclass(frozen=True, slots=True)
class Activity:
    """One device."""

    device: str
    series: str
    done_units: int
    total_units: int
    memory_mb: int

    @property
    def fraction(self) -> float:
        """Part of the series that is done, 0 to 1."""
        return min(1.0, self.done_units / self.total_units) if self.total_units else 0.0


@dataclass(frozen=True, slots=True)
class Activities:
    """All devices, by name, and the series that are open: units done and in all."""

    devices: tuple[Activity, ...] = ()
    open_series: tuple[tuple[str, int, int], ...] = ()

    def after(self, event: Event) -> Activities:
        """What they do after one more event."""
        if event.kind == "series":
            return self._begun(event)
        if event.kind in ("unit", "kept"):
            return self._unit_done(event)
        if event.kind == "problem":
            return replace(self, open_series=self._without(event.series))
        return IDLE if event.kind in ("writing", "ended", "started") else self

    def _begun(self, event: Event) -> Activities:
        opened = (*self._without(event.series), (event.series, 0, event.unit_count))
        devices = self.devices
        if len(devices) == 1:
            # Which of several takes it is known when its first unit is done.
            devices = (replace(devices[0], series=event.series, done_units=0, total_units=event.unit_count),)
        return Activities(devices, opened)

    def _unit_done(self, event: Event) -> Activities:
        known: Mapping[str, tuple[int, int]] = {name: (done, total) for name, done, total in self.open_series}
        done, total = known.get(event.series, (0, 1))
        opened = self._without(event.series)
        if not event.series_count:
            opened = (*opened, (event.series, done + 1, total))
        if not event.device:
            return replace(self, open_series=opened)
        mine = Activity(event.device, event.series, done + 1, total, event.memory_mb)
        devices = {activity.device: activity for activity in (*self.devices, mine)}
        return Activities(tuple(devices[name] for name in sorted(devices)), opened)

    def _without(self, series: str) -> tuple[tuple[str, int, int], ...]:
        return tuple(entry for entry in self.open_series if entry[0] != series)


IDLE = Activities()


def activity_text(activity: Activity) -> str:
    """``GPU 0  TS_0127   88%   12.1 GB``."""
    memory = f"   {activity.memory_mb / 1000:.1f} GB" if activity.memory_mb else ""
    return f"{activity.device}  {activity.series}  {activity.fraction:>4.0%}{memory}"
