"""Files on disk: atomic writes, copies, relative paths, space and permission."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from mtui.errors import WriteError

CHUNK_BYTES = 1 << 22

_HINTS = {
    errno.ENOSPC: "Free some space or write to another disk; nothing was left half-written.",
    errno.EDQUOT: "Your disk quota is used up: free some space; nothing was left half-written.",
    errno.EACCES: "Write to a folder you own, or ask its owner for permission.",
    errno.EPERM: "Write to a folder you own, or ask its owner for permission.",
    errno.EROFS: "The file system is mounted read-only; write somewhere else.",
    errno.ENOENT: "Create the folder first, or correct the path.",
    errno.ENOTDIR: "Part of the path is a file, not a folder; correct the path.",
    errno.EISDIR: "There is a folder of that name; choose another file name.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


def append_chunk(stream: BinaryIO, chunk: bytes | memoryview) -> None:
    """Append bytes to an open temporary file; all that mtui writes passes here."""
    stream.write(chunk)


@contextmanager
def atomic_path(target: Path, *, flush_name: bool = True) -> Iterator[Path]:
    """Temporary path beside ``target`` that takes its place when the block ends without an error.

    A link is followed, so that the file behind it is replaced and the link stays. An existing file keeps its
    permissions. On any error the temporary is removed and the old file is untouched. Who writes many files to
    a folder may flush it once (`flush_folder`), instead of with each (``flush_name``).

    Raises:
        WriteError: the system refused (no space, no permission, no such folder), naming ``target`` and cause.
    """
    # Links on the way there do not matter: the temporary goes the same way.
    is_link = os.path.islink(target)  # noqa: PTH114 - is_symlink raises where it may not look
    real = Path(os.path.realpath(target)) if is_link else target
    temporary = real.with_name(f".{real.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        _flush(temporary)
        if real.is_file():
            temporary.chmod(stat.S_IMODE(real.stat().st_mode))
        temporary.replace(real)
    except OSError as error:
        _discard(temporary)
        raise write_error(target, error) from error
    except BaseException:
        _discard(temporary)
        raise
    if flush_name:
        flush_folder(real.parent)


def write_error(target: Path, error: OSError) -> WriteError:
    """The system's refusal to write ``target``, in words."""
    reason = error.strerror or str(error)
    hint = _HINTS.get(error.errno or 0, "Check the disk and try again; nothing was left half-written.")
    return WriteError(f"{target} could not be written: {reason}.", hint)


def write_chunks(target: Path, chunks: Iterable[bytes | memoryview], *, flush_name: bool = True) -> None:
    """Write a file from parts, atomically.

    Raises:
        WriteError: see :func:`atomic_path`.
    """
    with atomic_path(target, flush_name=flush_name) as temporary:
        _fill(temporary, chunks)


def write_together(
    parts: Sequence[tuple[Path, Iterable[bytes | memoryview]]], removing: Sequence[Path] = ()
) -> None:
    """Write several files of which none changes before all are on the disk.

    Then the files in ``removing`` are deleted and those in ``parts`` replaced, in their order.

    Raises:
        WriteError: see :func:`atomic_path`.
    """
    with ExitStack() as stack:
        # The stack ends in reverse.
        for target, chunks in reversed(parts):
            temporary = stack.enter_context(atomic_path(target))
            try:
                _fill(temporary, chunks)
                _flush(temporary)
            except OSError as error:
                raise write_error(target, error) from error
        for path in removing:
            discard_file(path)


def discard_file(path: Path) -> None:
    """Delete a file if it is there; raises WriteError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(path, error) from error


def file_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces, to be written elsewhere; WriteError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            yield from iter(lambda: stream.read(CHUNK_BYTES), b"")
    except OSError as error:
        raise WriteError(
            f"{path} could not be read to copy it: {error.strerror}.",
            "Check that the file exists and can be read.",
        ) from error


def write_bytes(target: Path, data: bytes) -> None:
    """Write a file atomically; raises WriteError."""
    write_chunks(target, (data,))


def write_text(target: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, line ends as given; raises WriteError."""
    write_bytes(target, text.encode())


def copy_file(source: Path, target: Path) -> None:
    """Copy the bytes of a file, atomically; raises WriteError, also where ``source`` cannot be read."""
    write_chunks(target, file_chunks(source))


def make_folder(folder: Path) -> None:
    """Create a folder and those above it where they are missing; raises WriteError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def flush_folder(folder: Path) -> None:
    """Make renames in a folder survive a power failure, where the file system can do that."""
    # The files are in place: a file system that cannot flush folders (some network ones) is no failure.
    with contextlib.suppress(OSError):
        _flush(folder)


def absolute_path(path: Path) -> Path:
    """The path from the root, ``~`` expanded and ``..`` resolved in the text alone: links stay."""
    return Path(os.path.normpath(path.expanduser().absolute()))


def relative_posix(target: Path, folder: Path) -> str:
    """Path of ``target`` as seen from ``folder``: lexical, ``..`` where needed, forward slashes, not escaped.

    M percent-encodes here and never decodes; the plain text is what its loader can read.
    """
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # another drive
        return absolute_path(target).as_posix()


def spellings(text: str) -> tuple[str, ...]:
    """What a path stored in one of M's files may mean, best first.

    The text as it is, percent-decoded (M encodes when it writes and never decodes), and either with
    backslashes as separators (files from Windows).
    """
    decoded = unquote(text)
    return tuple(dict.fromkeys((text, decoded, text.replace("\\", "/"), decoded.replace("\\", "/"))))


def resolve_reference(folder: Path, text: str) -> Path:
    """File that a path stored in one of M's files means.

    The first of its `spellings` that exists, else the first. An absolute text replaces ``folder``.
    """
    candidates = [absolute_path(folder / spelling) for spelling in spellings(text)]
    return next((path for path in candidates if path.exists()), candidates[0])


def existing_ancestor(folder: Path) -> Path:
    """The folder itself or the closest one above it that exists."""
    absolute = absolute_path(folder)
    return next(path for path in (absolute, *absolute.parents) if path.exists())


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds ``folder`` (or will, once it is created)."""
    return shutil.disk_usage(existing_ancestor(folder)).free


def free_files(folder: Path) -> int | None:
    """Files that can still be made on the disk that holds ``folder``; None where it has no such limit."""
    status = os.statvfs(existing_ancestor(folder))
    return status.f_favail if status.f_files else None


def is_writable_folder(folder: Path) -> bool:
    """Whether files can be created in ``folder``, or the folder itself where it does not exist yet."""
    ancestor = existing_ancestor(folder)
    return ancestor.is_dir() and os.access(ancestor, os.W_OK | os.X_OK)


def _fill(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    with path.open("wb") as stream:
        for chunk in chunks:
            append_chunk(stream, chunk)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(temporary: Path) -> None:
    # Removing may fail for the reason that writing failed; that reason is the one to report.
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)
