"""A Dask cluster of processes that a test can kill one by one: a scheduler and workers without nannies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_S = 30.0


@dataclass(slots=True)
class DaskProcesses:
    """Processes of one cluster."""

    scheduler: subprocess.Popen[bytes]
    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def kill_worker(self, number: int) -> None:
        """SIGKILL a worker."""
        kill(self.workers[number])

    def kill_scheduler(self) -> None:
        """SIGKILL the scheduler."""
        kill(self.scheduler)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process without warning."""
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def dask_processes(folder: Path, workers: int = 2) -> Iterator[DaskProcesses]:
    """A cluster that ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "scheduler.json"
    words = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    scheduler = _start(folder, *words, "--scheduler-file", str(place))
    cluster = DaskProcesses(scheduler, "")
    try:
        cluster.address = _address(place)
        for number in range(workers):
            words = ["dask_worker", cluster.address, "--no-nanny", "--nthreads", "2", "--name", f"w{number}"]
            words += ["--no-dashboard", "--memory-limit", "0", "--local-directory", str(folder)]
            cluster.workers.append(_start(folder, *words))
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            if process.poll() is None:
                kill(process)


def _start(folder: Path, program: str, *words: str) -> subprocess.Popen[bytes]:
    with (folder / "processes.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(os.environ, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="10s"),
        )


def _address(place: Path) -> str:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            return str(json.loads(place.read_text())["address"])
        except (FileNotFoundError, ValueError):
            time.sleep(0.05)
    raise TimeoutError(f"{place} was not written")
