"""Processes that outlive the terminal: in their own session and, where needed, outside the login session."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

TIMEOUT_S = 1.0
SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--")
NO_WAY_OUT = (
    "This machine ends all processes of a user at logout, and systemd-run --user does not work here: the job "
    "will end with your session. Use the batch system."
)
NO_LINGER = (
    "This machine ends a user's processes when the last session ends, the job too. To keep it, run once: "
    "loginctl enable-linger"
)


@dataclass(frozen=True, slots=True)
class Way:
    """How a process has to be started here to survive the logout."""

    prefix: tuple[str, ...] = ()
    """Words in front of its command."""
    warning: str = ""


def find_way() -> Way:
    """Ask the login manager what happens at logout.

    ``KillUserProcesses=yes`` ends everything in the login session, also what has a session of its own in the
    sense of ``setsid``. A scope of the user's own service manager is outside; that one ends with the user's
    last session unless the user lingers.
    """
    if _ask("loginctl", "show-session", "--property=KillUserProcesses", "--value") != "yes":
        return Way()
    if not _works(*SCOPE, "true"):
        return Way(warning=NO_WAY_OUT)
    lingers = _ask("loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value") == "yes"
    return Way(SCOPE, "" if lingers else NO_LINGER)


def start_detached(way: Way, command: Sequence[str], text: str) -> subprocess.Popen[bytes]:
    """Start a process that reads a text on stdin; its stdout, stderr included, is a pipe until it lets go.

    The text lies in an unnamed file, so a process that ends early breaks no pipe of this one.
    """
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        return subprocess.Popen(
            [*way.prefix, *command],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _ask(*command: str) -> str:
    answer = _run(command)
    return answer.stdout.strip() if answer is not None else ""


def _works(*command: str) -> bool:
    return _run(command) is not None


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """What a command of the system answers; None where it is missing, fails or hangs."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
