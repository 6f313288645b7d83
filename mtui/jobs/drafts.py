"""Folders of jobs in the making or being deleted: hidden, and removed when their process is gone.

The name says host and process, so that what a killed process left is known at once on its own host; on
another one only its age tells.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from pathlib import Path

from mtui.jobs.heartbeat import host_name, process_start

LONGEST_S = 3600.0
NAME = re.compile(r"\.(?P<host>.+)\.(?P<pid>\d+)\.(?P<start>\d+)\.[0-9a-f]{8}\.new")


def draft_path(parent: Path) -> Path:
    """A new path for a draft of this process."""
    pid = os.getpid()
    name = f".{host_name()}.{pid}.{process_start(pid):.0f}.{secrets.token_hex(4)}.new"
    return parent / name


def remove_drafts(parent: Path, now: float) -> None:
    """Remove what processes left that were killed; ``now`` is in seconds since 1970."""
    for draft in parent.glob(".*.new"):
        with contextlib.suppress(FileNotFoundError):
            if _is_orphan(draft, now):
                shutil.rmtree(draft, ignore_errors=True)


def _is_orphan(draft: Path, now: float) -> bool:
    found = NAME.fullmatch(draft.name)
    if found and found["host"] == host_name() and float(found["start"]):
        return process_start(int(found["pid"])) != float(found["start"])
    return now - draft.stat().st_mtime > LONGEST_S
