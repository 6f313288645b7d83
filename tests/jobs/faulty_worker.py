"""A job's process that something happens to; run as a script in the place of ``mtui.jobs.worker``.

``MTUI_TEST_FAULT`` holds a `tests.jobs.faults.Fault` as JSON. Operations are counted that change what is on
the disk: each piece of data written, each flush, each renaming, linking and removing. At any of them the
process can be killed, in the middle of a write as well, or something else can happen.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mtui.formats import files
from mtui.jobs.worker import main
from mtui.model import export_plan

FAULT = json.loads(os.environ["MTUI_TEST_FAULT"])
REPORT = Path(FAULT["report"])
OBEYS = "MTUI_TEST_OBEYS"
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
operations = itertools.count(1)


def obey_permissions() -> None:
    """Take root's right to write anywhere from this process, by starting it anew without that right."""
    if os.geteuid() or OBEYS in os.environ:
        return
    library = ctypes.CDLL(None, use_errno=True)
    for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if library.prctl(PR_CAPBSET_DROP, right, 0, 0, 0):
            REPORT.write_text("rights cannot be dropped here")
            sys.exit(99)
    os.environ[OBEYS] = "1"
    os.execv(sys.executable, [sys.executable, "-P", *sys.argv])


def happen(name: str) -> None:
    """The fault."""
    REPORT.write_text(f"{FAULT['what']} in {name}")
    path = Path(FAULT["path"])
    if FAULT["what"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif FAULT["what"] == "close":
        path.chmod(0o555)
    else:
        path.rename(path.with_name(f"{path.name}.gone"))


def counted(function: Callable[..., Any], half: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The same function, at one of whose calls the fault happens; a kill comes after half of the data."""

    def call(*arguments: Any, **options: Any) -> Any:
        if next(operations) == FAULT["at"]:
            if half is not None and FAULT["what"] == "kill":
                half(*arguments)
            happen(function.__name__)
        return function(*arguments, **options)

    return call


def limited(function: Callable[..., Any], room: int) -> Callable[..., Any]:
    """A writing function on a disk that has this many bytes left."""
    left = [room]

    def call(stream: Any, chunk: Any) -> Any:
        data = bytes(chunk)
        if len(data) > left[0]:
            stream.write(data[: left[0]])
            left[0] = 0
            REPORT.write_text(f"full at {stream.name}")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= len(data)
        return function(stream, chunk)

    return call


def half_chunk(stream: Any, chunk: Any) -> None:
    stream.write(bytes(chunk)[: len(bytes(chunk)) // 2])
    stream.flush()


def half_line(write: Callable[..., Any]) -> Callable[..., Any]:
    return lambda handle, data: write(handle, data[: len(data) // 2])


def prepare() -> None:
    """Small units, and the fault."""
    export_plan.UNIT_PARTICLES = FAULT["unit_particles"]
    replace: dict[str, Any] = {
        "write": counted(os.write, half_line(os.write)),
        **{name: counted(getattr(os, name)) for name in ("fsync", "replace", "rename", "link", "unlink")},
    }
    for name, function in replace.items():
        setattr(os, name, function)
    append = counted(files.append_chunk, half_chunk)
    room = FAULT["room_bytes"]
    files.append_chunk = append if room is None else limited(append, room)


if __name__ == "__main__":
    if FAULT["what"] == "close":
        obey_permissions()
    prepare()
    code = main(sys.argv[1:])
    if not REPORT.exists():
        REPORT.write_text(str(next(operations) - 1))
    sys.exit(code)
