"""Writing images from a few threads, and summing volumes as they stand in the files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtui.formats.files import flush_folder, write_chunks, write_error
from mtui.formats.mrc import read_volume, stores_half
from mtui.jobs.units import fingerprint

Chunks = Sequence[bytes | memoryview]

WRITERS = 16
"""Most of the time they wait for the disk: so many keep up with two processors at box 32 on one that takes
10 ms for each file."""
LARGEST_BACKLOG, LARGEST_BACKLOG_BYTES = 32, 1 << 28
"""What waits to be written at most; more would only fill the memory."""


class _Waiting(NamedTuple):
    future: Future[tuple[Path, list[int]]]
    n_bytes: int


@dataclass(slots=True)
class Writers:
    """A few threads that write images while the next ones are computed."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WRITERS, "writer"))
    backlog: deque[_Waiting] = field(default_factory=deque)
    backlog_bytes: int = 0
    written: dict[str, list[int]] = field(default_factory=dict)

    def submit(self, path: Path, encode: Callable[[], Chunks], n_bytes: int) -> None:
        """Encode and write soon what takes some memory until then.

        Waits while too much is to be written, and raises what an earlier write raised.
        """
        self.backlog.append(_Waiting(self.pool.submit(_write, path, encode), n_bytes))
        self.backlog_bytes += n_bytes
        while len(self.backlog) > LARGEST_BACKLOG or self.backlog_bytes > LARGEST_BACKLOG_BYTES:
            self._wait_for_first()

    def take_written(self) -> dict[str, list[int]]:
        """Wait for all writes: the files since the last call, in order, each with its fingerprint.

        Their folders are flushed here, once. Raises what one of them raised.
        """
        while self.backlog:
            self._wait_for_first()
        written, self.written = self.written, {}
        for folder in {Path(path).parent for path in written}:
            flush_folder(folder)
        return written

    def _wait_for_first(self) -> None:
        first = self.backlog.popleft()
        path, known = first.future.result()
        self.backlog_bytes -= first.n_bytes
        self.written[str(path)] = known

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, *_error: object) -> None:
        """Let the writes in hand finish, so that no temporary is left, and drop the rest."""
        self.pool.shutdown(wait=True, cancel_futures=True)


def _write(path: Path, encode: Callable[[], Chunks]) -> tuple[Path, list[int]]:
    chunks = encode()
    write_chunks(path, chunks, flush_name=False)
    try:
        return path, fingerprint(path, chunks)
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
