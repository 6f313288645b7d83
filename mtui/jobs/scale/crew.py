"""An export on a Dask cluster: pieces are handed out, what the workers tell becomes the job's results."""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtui.errors import JobError
from mtui.jobs.report import Stopped, StopRequest
from mtui.jobs.results import Ready, Remark, Result, Waiting
from mtui.jobs.scale.hand_out import HandOut
from mtui.jobs.scale.remote import decode, end_after_unit, work_on
from mtui.jobs.scale.stretches import Stretch
from mtui.jobs.scale.window import Ended, Heard, Lost, Window
from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan

if TYPE_CHECKING:
    from distributed import Client

Task = tuple[Stretch, ...]
POLL_S = 0.5
"""So often the job looks whether it shall stop, whatever its workers say."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster that was joined or started."""

    client: Client
    jobs: int
    """Jobs of a batch system that were asked for; 0 where there is none."""
    refusals: list[str]
    """What the batch system said to jobs that it did not take; grows."""
    ending_s: float = 0.0
    """So long workers may take to finish the units in hand where a run ends early, and they live on."""


@dataclass(frozen=True, slots=True)
class DaskCrew:
    """The workers of a Dask cluster."""

    open_place: Callable[[], AbstractContextManager[Place]]
    """Starts the cluster, or joins it; what was started ends with the block."""
    words: str
    """The cluster in words."""
    work: Callable[[Task], None] = work_on
    """What a worker does with pieces."""

    def results(
        self, plan: ExportPlan, records: Mapping[int, UnitRecord], stop: StopRequest
    ) -> Generator[Result]:
        """See `mtui.jobs.results.Crew`."""
        yield Waiting(f"starting workers: {self.words}")
        with self.open_place() as place:
            run = secrets.token_hex(4)
            window: Window[Task] = Window(place.client, self.work, run)
            yield Ready()
            try:
                yield from self._work(place, HandOut(plan, records, run), window, stop)
            finally:
                window.close(end_after_unit, place.ending_s)

    def _work(
        self, place: Place, hand_out: HandOut, window: Window[Task], stop: StopRequest
    ) -> Iterator[Result]:
        window.look()
        stopping, looked = False, 0.0
        while True:
            # Each time, for what is handed out now will be begun, and done if it is quick.
            stopping = stopping or stop.is_set()
            while not stopping and window.has_room and (task := hand_out.take(_share(place, window))):
                window.submit(task)
            if not window.tasks:
                break
            yield from self._hear(hand_out, window.next(POLL_S))
            if time.monotonic() - looked > POLL_S:
                looked = time.monotonic()
                yield from self._look(place, window)
                if stopping and not window.workers:
                    raise Stopped
                if stopping:
                    window.tell_all(end_after_unit)
        if not hand_out.is_done:
            raise Stopped

    def _hear(self, hand_out: HandOut, news: Heard | Ended[Task] | Lost | None) -> Iterator[Result]:
        match news:
            case Heard():
                yield from hand_out.hear(decode(news.values))
            case Ended():
                if news.error is not None:
                    # The log is where the place of a fault can be found.
                    traceback.print_exception(news.error)
                yield from hand_out.close(news.request, news.error)
            case Lost():
                yield Remark(f"Worker {news.worker} is gone; others do what it had in hand.")

    def _look(self, place: Place, window: Window[Task]) -> Iterator[Result]:
        had_workers = bool(window.workers)
        window.look()
        if window.workers:
            return
        if place.jobs and len(place.refusals) >= place.jobs:
            raise JobError(
                f"{self.words}: none was accepted: {place.refusals[-1].rstrip('.')}.",
                "Correct your Dask configuration (jobqueue.yaml), then go on: mtui jobs resume",
            )
        if had_workers:
            yield Waiting(f"waiting for workers: {self.words}")


def _share(place: Place, window: Window[Task]) -> int:
    """Workers that there are or will be."""
    return max(len(window.workers), place.jobs)
