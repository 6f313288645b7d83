"""Tilt series paired side by side, each in one of several worker processes.

SciPy's graph routines hold the interpreter lock while they run, so threads alone would not help.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from mtui.errors import MatchingError, MtuiError
from mtui.matching.series import pair_series

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Request = tuple[Floats, Floats, float | None]
Answer = tuple[Indices, Indices]
Progress = Callable[[int, int], None]

WORTH_STARTING = 60_000
"""With fewer particles in all, starting processes takes longer than the work."""
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def pair_many(
    requests: Sequence[Request], workers: int | None = None, progress: Progress | None = None
) -> list[Answer]:
    """Pairs of many tilt series, in the order of the requests.

    ``workers``: how many processes at most; by default as many as there are processors, and none for little
    work. ``progress`` is told how many series are done, and of how many.

    Raises:
        MatchingError: if a worker process ends before its work is done.
    """
    count = _worker_count(requests, workers)
    report = progress or (lambda done, total: None)
    if count <= 1:
        answers = []
        for request in requests:
            answers.append(pair_series(*request))
            report(len(answers), len(requests))
        return answers
    return _pair_in_workers(requests, count, report)


def _worker_count(requests: Sequence[Request], workers: int | None) -> int:
    if workers is None:
        particles = sum(len(old) + len(new) for old, new, _ in requests)
        workers = _processors() if particles >= WORTH_STARTING else 1
    return min(workers, len(requests))


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pair_in_workers(requests: Sequence[Request], count: int, report: Progress) -> list[Answer]:
    """One thread per process hands out the series, the largest first, and collects the answers."""
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Answer | MtuiError]] = SimpleQueue()
    for index in sorted(range(len(requests)), key=lambda at: -len(requests[at][0]) * len(requests[at][1])):
        waiting.put(index)
    answers: dict[int, Answer] = {}
    with _processes(count) as processes:
        for process in processes:
            threading.Thread(target=_feed, args=(process, requests, waiting, done), daemon=True).start()
        while len(answers) < len(requests):
            index, answer = done.get()
            if isinstance(answer, MtuiError):
                raise answer
            answers[index] = answer
            report(len(answers), len(requests))
    return [answers[index] for index in range(len(requests))]


@contextmanager
def _processes(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes, which are gone when the block is left for whatever reason."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-m", "mtui.matching.worker"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        for _ in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def _feed(
    process: subprocess.Popen[bytes],
    requests: Sequence[Request],
    waiting: SimpleQueue[int],
    done: SimpleQueue[tuple[int, Answer | MtuiError]],
) -> None:
    """Send one series after the other to a process until none is waiting."""
    stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    while True:
        try:
            index = waiting.get_nowait()
        except Empty:
            return
        try:
            pickle.dump(requests[index], stdin, protocol=pickle.HIGHEST_PROTOCOL)
            stdin.flush()
            done.put((index, pickle.load(stdout)))
        except (OSError, EOFError, pickle.UnpicklingError):
            done.put((index, _lost(process)))
            return


def _lost(process: subprocess.Popen[bytes]) -> MatchingError:
    return MatchingError(
        f"A process that pairs tilt series ended early (process {process.pid}).",
        "Was it killed, or is there too little memory? Try again, or on a machine with more memory.",
    )
