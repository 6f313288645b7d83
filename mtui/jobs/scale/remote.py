"""What a worker does with a stretch: the same work on a series as a local job does, told by messages.

Dask delivers a worker's messages in order and before it reports the task as done;
results of tasks are not used, so nothing has to be fetched from a worker that may be gone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mtui.errors import MtuiError, WriteError
from mtui.jobs.report import Stopped, StopRequest
from mtui.jobs.results import SERIES_ERRORS, UnitDone
from mtui.jobs.scale.stretches import Stretch
from mtui.jobs.units import encode_unit

Kind = Literal["begun", "unit", "done", "failed", "stopped", "broken"]
MESSAGES = "mtui-"
"""What the topics of messages begin with; the job's run follows."""

_computing = threading.Lock()
_loading = threading.BoundedSemaphore(2)
"""At most two series are in a worker's memory: one is computed while the next one is made ready."""
_stopping: set[str] = set()


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker says about a stretch.

    ``begun``: its series is made ready. ``unit``: a unit is on disk. The others end it: ``done``; ``failed``,
    the series cannot be exported; ``stopped``; ``broken``, a file could not be written.
    """

    kind: Kind
    stretch: int
    text: str = ""
    hint: str = ""
    size_from_average: bool = False
    record: str = ""
    """As it stands in the job's file."""
    seconds: float = 0.0
    device: str = ""
    kept: bool = False
    memory_mb: int = 0


def encode(message: Message) -> dict[str, Any]:
    """The message as plain values, of which Dask takes care."""
    return {item.name: getattr(message, item.name) for item in dataclasses.fields(message)}


def decode(values: dict[str, Any]) -> Message:
    """The message that :func:`encode` made; Dask adds the worker's address."""
    return Message(**{item.name: values[item.name] for item in dataclasses.fields(Message)})


class Abandoned(Exception):  # noqa: N818 - nobody is there to whom it would be one
    """Nobody waits for a task any more: its job was killed, or the scheduler is gone or gave it to others."""


async def end_after_unit(run: str) -> None:
    """Called on a worker: what it does for this run ends after the unit in hand."""
    _stopping.add(run)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stretch whose series is made ready."""

    units: Iterator[UnitDone]
    """Does the work, unit by unit."""
    size_from_average: bool = False


def work_on(stretches: Sequence[Stretch]) -> None:
    """Do stretches one after the other, and say so by messages; what goes wrong is told, not raised."""
    for stretch in stretches:
        carry_out(stretch, _prepare)


def carry_out(stretch: Stretch, prepare: Callable[[Stretch, StopRequest], Prepared]) -> None:
    """Prepare a stretch while another one may be computed, then compute it, alone in this process."""
    with _loading, contextlib.suppress(Abandoned):
        _say(stretch, _end_of(stretch, prepare))


def _end_of(stretch: Stretch, prepare: Callable[[Stretch, StopRequest], Prepared]) -> Message:
    number, stop = stretch.number, _Wish(stretch.run)
    try:
        if stop.is_set():
            raise Stopped
        prepared = prepare(stretch, stop)
        with _computing:
            _say(stretch, Message("begun", number, size_from_average=prepared.size_from_average))
            for done in prepared.units:
                _say(stretch, _unit_message(stretch, done))
    except Stopped:
        return Message("stopped", number)
    except WriteError as error:
        return Message("broken", number, error.message, error.hint)
    except SERIES_ERRORS as error:
        return Message("failed", number, str(error))
    except MtuiError as error:
        return Message("broken", number, error.message, error.hint)
    return Message("done", number)


def _prepare(stretch: Stretch, stop: StopRequest) -> Prepared:
    # Here, not above: the job's own process knows this module too and shall not load JAX.
    from mtui.engine.runtime import configure_runtime
    from mtui.jobs.prepared import prepare_for_export
    from mtui.jobs.series_export import work_on_series

    configure_runtime()
    series = stretch.series
    prepared = prepare_for_export(stretch.plan, series)
    units = work_on_series(stretch.plan, series, prepared, stretch.done, stop, finish=stretch.is_last)
    return Prepared(units, prepared.size_from_average)


def _unit_message(stretch: Stretch, done: UnitDone) -> Message:
    return Message(
        "unit",
        stretch.number,
        record=encode_unit(done.record),
        seconds=done.seconds,
        device=f"{done.device}, worker {_worker().name}".removeprefix(", "),
        kept=done.kept,
        memory_mb=done.memory_mb,
    )


def _say(stretch: Stretch, message: Message) -> None:
    _worker().log_event(MESSAGES + stretch.run, encode(message))


def _worker() -> Any:
    from distributed import get_worker

    return get_worker()


@dataclass(frozen=True, slots=True)
class _Wish:
    """Whether the job wants this worker to end; where the job itself has ended, Abandoned is raised."""

    run: str

    def is_set(self) -> bool:
        if _is_abandoned(_worker()):
            raise Abandoned
        return self.run in _stopping


def _is_abandoned(worker: Any) -> bool:
    """Dask cannot interrupt a task: it only calls it cancelled, or closes its worker and waits for it."""
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state == "cancelled" or worker.status.name in ("closing", "closed", "failed")
