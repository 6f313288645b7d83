"""Files that only one process can create, also where several machines share the folder."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from mtui.formats import files

WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems say that have no hard links."""


def create_once(path: Path, text: str) -> bool:
    """Create a file where there is none, with its content at once; whether this process did.

    A link to a finished file is the one way that holds on every version of NFS. Where there are no links, the
    file is empty for a moment.

    Raises:
        WriteError: the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    files.write_text(draft, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise files.write_error(path, error) from error
        return _create_directly(path, text)
    finally:
        files.discard_file(draft)
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
