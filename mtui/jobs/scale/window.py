"""Tasks on a Dask cluster, never more than a bounded number at once, and what is heard of them in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mtui.errors import JobError
from mtui.jobs.scale.remote import MESSAGES

if TYPE_CHECKING:
    from distributed import Client, Future

Request = TypeVar("Request")
TASKS_PER_THREAD = 2
"""Tasks per thread of a worker that the scheduler knows at once: one in hand, one to follow."""
FEWEST_TASKS, MOST_TASKS = 8, 2000
ENDING_POLL_S = 0.1
LOOK_S = 1.0
"""Seconds between two looks at which workers there are, where some came or went."""
GONE = "What is finished is kept. Go on: mtui jobs resume, with another --scheduler or with --workers 1"
BROKEN = (OSError, TimeoutError, RuntimeError, ValueError, AttributeError, asyncio.CancelledError)
"""What Dask raises where its connection breaks in the middle of a question; it is seen at the next one."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a worker."""

    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended(Generic[Request]):
    """A task is over."""

    request: Request
    error: BaseException | None
    """What went wrong, where something did."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process."""

    name: str
    host: str
    threads: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker is gone that had tasks of this run in hand; the scheduler gives them to others."""

    worker: str
    """In words."""
    tasks: int


@dataclass(frozen=True, slots=True)
class _Removed:
    address: str
    tasks: int


@dataclass(slots=True)
class Window(Generic[Request]):
    """Tasks of one run on a cluster."""

    client: Client
    function: Callable[[Request], None]
    run: str
    workers: dict[str, Worker] = field(default_factory=dict)
    """By address; as of the last look."""
    tasks: dict[str, tuple[Request, Future]] = field(default_factory=dict)
    news: SimpleQueue[Heard | Future | _Removed] = field(default_factory=SimpleQueue)
    submitted: int = 0
    is_current: bool = False
    """Whether no worker came or went since the last look."""
    looked: float = 0.0
    address: str = field(init=False)
    """The scheduler's; a client that lost it does not know it any more."""

    def __post_init__(self) -> None:
        self.address = str(self.client.scheduler.address)
        self.client.subscribe_topic(MESSAGES + self.run, lambda event: self.news.put(Heard(event[1])))
        self.client.subscribe_topic("all", self._hear_of_workers)

    @property
    def has_room(self) -> bool:
        """Whether another task may be submitted."""
        threads = sum(worker.threads for worker in self.workers.values())
        return len(self.tasks) < min(MOST_TASKS, max(FEWEST_TASKS, TASKS_PER_THREAD * threads))

    def submit(self, request: Request) -> None:
        """Let a worker do this."""
        self.submitted += 1
        key = f"mtui-{self.run}-{self.submitted}"
        future = self.client.submit(self.function, request, key=key, pure=False)
        self.tasks[key] = (request, future)
        future.add_done_callback(self.news.put)

    def next(self, seconds: float) -> Heard | Ended[Request] | Lost | None:
        """The next thing that is heard, or None if there is nothing for so long.

        Raises:
            JobError: the scheduler is gone.
        """
        try:
            news = self.news.get(timeout=seconds)
        except Empty:
            self._require_scheduler()
            return None
        if isinstance(news, Heard):
            return news
        if isinstance(news, _Removed):
            known = self.workers.get(news.address)
            return Lost(f"{known.name} on {known.host}" if known else f"at {news.address}", news.tasks)
        request, future = self.tasks.pop(news.key)
        if future.cancelled():
            raise self._gone()
        # Or it is "lost", its result with the worker that had it: what it did was told before it ended.
        self._require_scheduler()
        return Ended(request, future.exception() if future.status == "error" else None)

    def look(self) -> None:
        """Learn which workers there are, if that has changed and some time ago.

        Raises:
            JobError: the scheduler is gone.
        """
        self._require_scheduler()
        now = time.monotonic()
        if self.is_current or now - self.looked < LOOK_S:
            return
        self.looked, self.is_current = now, True
        try:
            known = self.client.scheduler_info()["workers"]
        except BROKEN as error:
            raise self._gone() from error
        self.workers = {
            address: Worker(str(worker["name"]), str(worker["host"]), int(worker["nthreads"]))
            for address, worker in known.items()
        }

    def tell_all(self, function: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        """Call a function with the run's word in every worker, past what it is working on; do not wait."""
        with contextlib.suppress(*BROKEN):
            self.client.run(function, self.run, wait=False, on_error="ignore")

    def close(self, function: Callable[[str], Coroutine[Any, Any, None]], seconds: float) -> None:
        """Listen no more, and end the tasks that are left.

        Those in hand may take so long to end by themselves, as they do when workers are told as by
        ``tell_all``: a task that is cancelled goes on in its worker, and nobody can see when it ends.
        """
        if self.client.status != "running":
            return
        with contextlib.suppress(*BROKEN):
            for topic in (MESSAGES + self.run, "all"):
                self.client.unsubscribe_topic(topic)
            self._wait(function, time.monotonic() + seconds)
            if self.tasks:
                self.client.cancel([future for _, future in self.tasks.values()], force=True)

    def _wait(self, function: Callable[[str], Coroutine[Any, Any, None]], end: float) -> None:
        """Until all tasks have ended, or there is nobody who does them, or it is late."""
        told = 0.0
        while not all(future.done() for _, future in self.tasks.values()):
            now = time.monotonic()
            if now - told > LOOK_S:
                # Again and again, for there may be new workers.
                self.tell_all(function)
                told = now
                if not self.client.scheduler_info()["workers"]:
                    return
            if now >= end or self.client.status != "running":
                return
            time.sleep(ENDING_POLL_S)

    def _hear_of_workers(self, event: tuple[float, dict[str, Any]]) -> None:
        """Called for every event on the scheduler, in Dask's thread."""
        what = event[1] if isinstance(event[1], dict) else {}
        action = what.get("action")
        if action in ("add-worker", "remove-worker"):
            self.is_current = False
        if action == "remove-worker":
            own = [key for key in what["processing-tasks"] if str(key).startswith(f"mtui-{self.run}-")]
            if own:
                self.news.put(_Removed(what["worker"], len(own)))

    def _gone(self) -> JobError:
        return JobError(f"The Dask scheduler {self.address} does not answer any more.", GONE)

    def _require_scheduler(self) -> None:
        if self.client.status != "running":
            raise self._gone()
