"""Writing images from a few threads, and summing volumes as they stand in the files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.formats.files import flush_folder, write_error
from mtui.formats.mrc import read_volume, stores_half
from mtui.jobs.units import fingerprint

WRITERS = 4
LARGEST_BACKLOG = 16
"""Images that wait to be written at most; more would only fill the memory."""


@dataclass(slots=True)
class Writers:
    """A few threads that write images while the next ones are computed."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WRITERS, "writer"))
    backlog: deque[Future[tuple[Path, list[int]]]] = field(default_factory=deque)
    written: dict[str, list[int]] = field(default_factory=dict)

    def submit(self, path: Path, write: Callable[[Path], None]) -> None:
        """Write soon; waits while too much is to be written, and raises what an earlier write raised."""
        self.backlog.append(self.pool.submit(_write, path, write))
        self._wait(LARGEST_BACKLOG)

    def take_written(self) -> dict[str, list[int]]:
        """Wait for all writes: the files since the last call, in order, each with its fingerprint.

        Their folders are flushed here, once; ``write`` need not do that. Raises what one of them raised.
        """
        self._wait(0)
        written, self.written = self.written, {}
        for folder in {Path(path).parent for path in written}:
            flush_folder(folder)
        return written

    def _wait(self, remaining: int) -> None:
        """Wait until at most ``remaining`` writes are still to be done."""
        while len(self.backlog) > remaining:
            path, known = self.backlog.popleft().result()
            self.written[str(path)] = known

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, *_error: object) -> None:
        """Let the writes in hand finish, so that no temporary is left, and drop the rest."""
        self.pool.shutdown(wait=True, cancel_futures=True)


def _write(path: Path, write: Callable[[Path], None]) -> tuple[Path, list[int]]:
    write(path)
    try:
        return path, fingerprint(path)
    except OSError as error:
        raise write_error(path, error) from error


@dataclass(slots=True)
class RunningSum:
    """Sum of a series' sub-tomograms, as they stand in the files.

    Adding the values that were written, one particle after the other, gives the same bytes whether the
    volumes were just computed or, in a resumed job, read back.
    """

    total: NDArray[np.float64]
    count: int = 0

    def add(self, volumes: NDArray[np.float32], *, half: bool = True) -> None:
        """Add volumes (particle, z, y, x) that were just computed."""
        for volume in volumes:
            self.total += stored_values(volume, half=half)
            self.count += 1

    def add_files(self, paths: list[Path]) -> None:
        """Add volumes that an earlier run wrote."""
        for path in paths:
            self.total += read_volume(path)
            self.count += 1

    @property
    def mean(self) -> NDArray[np.float32]:
        """The average (z, y, x)."""
        return (self.total / max(1, self.count)).astype(np.float32)


def stored_values(values: NDArray[np.float32], *, half: bool = True) -> NDArray[np.float32]:
    """What reading the file back will give for a volume or stack that `write_mrc` writes."""
    as_half = half and stores_half(float(values.min()), float(values.max()))
    return values.astype(np.float16).astype(np.float32) if as_half else values
