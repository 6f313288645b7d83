"""A Dask cluster of processes that a test can kill one by one: a scheduler and workers without nannies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client

HELD = Path(__file__).with_name("held_worker.py")
START_S = 30.0


@dataclass(slots=True)
class DaskProcesses:
    """Processes of one cluster."""

    scheduler: subprocess.Popen[bytes]
    address: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def kill_worker(self, number: int) -> None:
        """SIGKILL a worker."""
        kill(self.workers[number])

    def hold(self, number: int) -> Path:
        """Let a worker wait in the middle of its next write, and return what it is writing when it does."""
        (self.folder / "hold").write_text(str(self.workers[number].pid))
        wait_for((self.folder / "held").exists)
        return Path((self.folder / "held").read_text())

    def let_go(self) -> None:
        """Let it go on."""
        (self.folder / "hold").unlink()

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
    cluster = DaskProcesses(scheduler, "", folder)
    try:
        cluster.address = _address(place)
        for number in range(workers):
            words = ["dask_worker", cluster.address, "--no-nanny", "--nthreads", "2", "--name", f"w{number}"]
            words += ["--no-dashboard", "--memory-limit", "0", "--local-directory", str(folder)]
            words += ["--preload", str(HELD)]
            cluster.workers.append(_start(folder, *words))
        if workers:
            # One that comes late may find nothing left to do.
            with Client(cluster.address, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=START_S)
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
            env={
                **os.environ,
                "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s",
                "MTUI_TEST_HOLD": str(folder),
            },
        )


def _address(place: Path) -> str:
    def is_written() -> bool:
        try:
            return bool(json.loads(place.read_text())["address"])
        except (FileNotFoundError, ValueError):
            return False

    wait_for(is_written)
    return str(json.loads(place.read_text())["address"])


def wait_for(condition: Callable[[], object]) -> None:
    """Wait for something that has to happen."""
    end = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
