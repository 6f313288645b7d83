"""Files that only grow: one JSON object per line, each appended whole."""

from __future__ import annotations

import os
from pathlib import Path

from mtui.formats.files import write_error


def append_line(path: Path, text: str) -> tuple[int, int]:
    """Append one line, and return where it is: its first byte and its size.

    A line that a crash or a full disk cut off is closed first, so that it cannot swallow this one.

    Raises:
        WriteError: the system refused.
    """
    data = text.encode() + b"\n"
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                data = b"\n" + data
            size = len(data)
            while data:
                data = data[os.write(handle, data) :]
            # Not the size before: another process may append at the same time.
            return os.lseek(handle, 0, os.SEEK_CUR) - size, size
        finally:
            os.close(handle)
    except OSError as error:
        raise write_error(path, error) from error


def flush_file(path: Path) -> None:
    """Wait until what was appended is on disk; raises WriteError."""
    try:
        handle = os.open(path, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise write_error(path, error) from error
