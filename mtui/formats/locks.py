"""A lock file that says who holds it: for folders that several people and machines share."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtui.errors import WriteError
from mtui.formats.files import write_error

_FIELDS = 4


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs.

    The file is created with O_EXCL, which also holds between machines that share the folder, and contains
    host, process, time and a random word. One left by a process of this machine that is gone is taken over.

    Raises:
        WriteError: somebody else holds it (who and since when), or it cannot be created.
    """
    content = f"{socket.gethostname()} {os.getpid()} {int(time.time())} {secrets.token_hex(8)}"
    _acquire(path, content)
    try:
        yield
    finally:
        if _read(path) == content:
            path.unlink(missing_ok=True)


def _acquire(path: Path, content: str) -> None:
    if _create(path, content):
        return
    holder = _read(path)
    if _is_abandoned(holder):
        _remove_abandoned(path, holder)
        if _create(path, content):
            return
        holder = _read(path)
    raise _held_error(path, holder)


def _create(path: Path, content: str) -> bool:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except OSError as error:
        raise write_error(path, error) from error
    try:
        os.write(descriptor, content.encode())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise write_error(path, error) from error
    finally:
        os.close(descriptor)
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _is_abandoned(holder: str) -> bool:
    fields = holder.split()
    if len(fields) != _FIELDS or fields[0] != socket.gethostname() or not fields[1].isdecimal():
        return False
    try:
        os.kill(int(fields[1]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _remove_abandoned(path: Path, holder: str) -> None:
    """Move the file away, then delete it: of two that try, one may find the other's new lock there."""
    taken = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(taken)
        if _read(taken) != holder:
            with contextlib.suppress(FileExistsError):
                os.link(taken, path)
        taken.unlink()


def _held_error(path: Path, holder: str) -> WriteError:
    fields = holder.split()
    who = "somebody else"
    if len(fields) == _FIELDS and fields[2].isdecimal():
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(fields[2])))
        who = f"process {fields[1]} on {fields[0]} since {since}"
    return WriteError(
        f"{path.parent} is being changed by {who}.",
        f"Wait until that is done and try again; if that process is gone, delete {path}.",
    )
