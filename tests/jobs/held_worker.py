"""Preloaded by a Dask worker: a process whose number is in the file ``hold`` waits in the middle of a write.

``MTUI_TEST_HOLD`` is the folder of that file; the file ``held`` appears in it when a write waits.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from mtui.formats import files

FOLDER = Path(os.environ["MTUI_TEST_HOLD"])


def dask_setup(_worker: object) -> None:
    """Called once by Dask, which may import this module several times."""
    flush = files._flush

    def wait_and_flush(path: Path) -> None:
        if path.name.endswith(".tmp"):  # not a folder after the write
            wait_while_held(path)
        flush(path)

    files._flush = wait_and_flush


def wait_while_held(path: Path) -> None:
    while is_held():
        report = FOLDER / f"held.{threading.get_ident()}"
        report.write_text(str(path))
        report.replace(FOLDER / "held")
        time.sleep(0.01)


def is_held() -> bool:
    try:
        return (FOLDER / "hold").read_text() == str(os.getpid())
    except FileNotFoundError:
        return False
