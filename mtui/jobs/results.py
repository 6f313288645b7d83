"""What whoever does the work of an export tells the job, piece by piece, as it is finished."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

from mtui.errors import EngineError, FormatError, ModelError
from mtui.jobs.report import StopRequest
from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan, SeriesPlan

SERIES_ERRORS = (EngineError, FormatError, ModelError)
"""What is wrong with one series only; the job goes on with the next."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The first image is about to be written."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesBegun:
    """Work on a series begins."""

    series: SeriesPlan
    size_from_average: bool = False
    """The raw movies are gone, so the image size is that of the average times its pixel size."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitDone:
    """A unit's files are complete."""

    series: SeriesPlan
    record: UnitRecord
    seconds: float = 0.0
    """Time it took, from its first instruction to its last byte on disk."""
    device: str = ""
    kept: bool = False
    """An earlier run had done it."""
    memory_mb: int = 0
    """In use where it was computed."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFailed:
    """A series cannot be exported."""

    series: SeriesPlan
    reason: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the user should know."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing is being done, and why."""

    text: str


Result = Ready | SeriesBegun | UnitDone | SeriesFailed | Remark | Waiting


class Crew(Protocol):
    """Whoever does the work: this process, or the workers of a cluster."""

    def results(
        self, plan: ExportPlan, records: Mapping[int, UnitRecord], stop: StopRequest
    ) -> Generator[Result]:
        """Do all units that are not in ``records``, and yield each as it is finished.

        When it is closed, nobody writes any more, or nobody that can be reached.

        Raises:
            Stopped: ``stop`` was set; units in hand were finished and yielded before.
            WriteError: a file could not be written.
            JobError: the workers cannot be reached any more.
        """
