"""What can go wrong, in words a user can act on.

Every error carries a message (what happened, with the file, the row or element and the value) and a hint
(what to do). The front ends decide how to show it: a paragraph on stderr and an exit code, or a line in
the app.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    COMPLETE = 0
    FAILED = 1  # failed, or complete with problems
    REFUSED = 2  # refused input or usage
    INTERRUPTED = 130


class MtuiError(Exception):
    """Root of all errors that mtui raises on purpose.

    ``message`` says what happened, with the value that caused it; ``hint`` says what to do.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(MtuiError):
    """Refused input or usage: a file, an option or a request that mtui cannot accept."""

    exit_code = ExitCode.REFUSED


class FormatError(InputError):
    """A file is not what it should be. ``message`` names file, line or element, and value."""


class ModelError(InputError):
    """Files that do not fit together: a missing reference, a GUID mismatch, an unknown species."""


class WriteError(InputError):
    """A file could not be written; nothing was left half-written."""


class MatchingError(InputError):
    """Two particle sets cannot be compared as asked."""


class EngineError(MtuiError):
    """One tilt series cannot be reconstructed; the job goes on with the next."""


class JobError(MtuiError):
    """A job could not be started, followed or finished."""
