"""Files that only one process can create, also where several machines share the folder."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from mtui.errors import WriteError
from mtui.formats import files

WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems say that have no hard links."""

ATTEMPTS = 5
"""A run clears up when it begins and when it ends; more often than that it is something else."""


def create_once(path: Path, text: str) -> bool:
    """Create a file where there is none, with its content at once; whether this process did.

    A link to a finished file is the one way that holds on every version of NFS. Where there are no links, the
    file is empty for a moment. Whoever runs a job clears up what killed processes left beside its files, and
    that may hit the draft of one that lives; it then tries again, and finds the file or makes it.

    Raises:
        WriteError: the folder cannot be written.
    """
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _create(path, text)
        except WriteError as error:
            if not isinstance(error.__cause__, FileNotFoundError) or not path.parent.is_dir():
                raise
    return _create(path, text)


def _create(path: Path, text: str) -> bool:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    files.write_chunks(draft, (text.encode(),), flush_name=False)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise files.write_error(path, error) from error
        if not _create_directly(path, text):
            return False
    finally:
        files.discard_file(draft)
    files.flush_folder(path.parent)
    return True


def _create_directly(path: Path, text: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        return False
    except OSError as error:
        raise files.write_error(path, error) from error
    return True
