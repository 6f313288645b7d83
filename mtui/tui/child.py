"""Work that would hold up the app runs in a child process, which can be killed at any moment.

A thread could not be stopped, and SciPy's solver holds the interpreter lock for its whole run. A child reads
nothing from the terminal and writes nothing to it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChildOutput:
    """What a child process left behind."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def last_words(self) -> str:
        """The last line it wrote to stderr: what happened and what to do."""
        return last_words(self.stderr, self.exit_code)


def last_words(stderr: str, exit_code: int) -> str:
    """The last line of what a child wrote to stderr."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    if not lines:
        return f"The process ended with code {exit_code} and no message."
    return lines[-1].removeprefix("mtui: ")


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this installation, whatever lies in the current folder (``-P``)."""
    return [sys.executable, "-P", "-m", module, *arguments]


async def run_child(command: Sequence[str], *, kill: bool = True) -> ChildOutput:
    """Run a command to its end; if the waiting task is cancelled, it is killed unless ``kill`` is off.

    A child that must finish gets a session of its own, so that a closed terminal does not end it.
    """
    # Not asyncio's subprocesses: their pipes complain on the terminal when the app ends before the child.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=not kill,
    )
    try:
        stdout, stderr = await asyncio.to_thread(process.communicate)
    except asyncio.CancelledError:
        if kill:
            process.kill()
        raise
    return ChildOutput(process.returncode, stdout, stderr.decode("utf-8", "replace"))
