"""Signs of life: where a job runs, as which process, and when it was last seen.

Login nodes are several machines with one file system, and process numbers are used again. So host, number and
start time of the process are recorded together; on another host only the age of the record speaks.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtui.errors import WriteError
from mtui.formats import files

INTERVAL_S = 10.0
LOST_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The process of a job and when it last said that it lives."""

    host: str
    pid: int
    process_start: float
    """Start of the process in the system's clock ticks since boot; 0 where the system does not tell."""
    time: float
    """Seconds since 1970."""


def host_name() -> str:
    """Name of this machine."""
    return socket.gethostname()


def process_start(pid: int) -> float:
    """When a process started, in clock ticks since boot (Linux); 0 where that is unknown or it has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # The second field is the program's name in parentheses and may hold blanks; the third is the state (Z:
    # ended, not yet waited for), the 22nd the start time.
    fields = status.rpartition(")")[2].split()
    return 0.0 if fields[0] == "Z" else float(fields[19])


def write_heartbeat(path: Path, pid: int, now: float) -> None:
    """Record that a process of this machine runs the job."""
    beat = Heartbeat(host_name(), pid, process_start(pid), now)
    files.write_text(path, json.dumps(dataclasses.asdict(beat)))


def read_heartbeat(path: Path) -> Heartbeat | None:
    """The last sign of life, or None if there was none yet."""
    try:
        return Heartbeat(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_alive(beat: Heartbeat | None, now: float) -> bool:
    """Whether the job's process still runs, as far as can be told from this machine."""
    if beat is None:
        return False
    if beat.host != host_name():
        return now - beat.time < LOST_AFTER_S
    if beat.process_start:
        return process_start(beat.pid) == beat.process_start
    return _exists(beat.pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def beating(path: Path, is_current: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Renew the sign of life from a thread while the block runs, and as long as it is wanted.

    A process whose job was resumed elsewhere must not write over that one's sign of life.
    """
    ended = threading.Event()
    write_heartbeat(path, os.getpid(), time.time())

    def beat() -> None:
        while not ended.wait(INTERVAL_S) and is_current():
            try:
                write_heartbeat(path, os.getpid(), time.time())
            except WriteError:
                # A full disk ends the job where it matters, at the next image; not here.
                continue

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
