"""What a starting job tells whoever started it: one line of JSON, that it runs or why it does not."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from mtui import errors
from mtui.errors import ExitCode, JobError, MtuiError

MARK = "mtui-job "
"""In front of the line, for libraries may print as well."""


@dataclass(frozen=True, slots=True)
class Started:
    """A job that runs."""

    folder: Path
    warnings: tuple[str, ...] = ()
    left_out: int = 0
    """Particles whose tilt series is in no source."""
    estimate_s: float | None = None
    """Time that a new job will take, where earlier ones tell."""


def encode_started(started: Started) -> str:
    """The line for a job that runs."""
    return MARK + json.dumps(dataclasses.asdict(started), default=str)


def encode_error(error: MtuiError) -> str:
    """The line for a job that does not."""
    values = (type(error).__name__, error.message, error.hint, int(error.exit_code))
    return MARK + json.dumps({"error": values})


def decode(lines: list[str]) -> Started:
    """The answer among the lines that a process printed.

    Raises:
        MtuiError: what the process raised, or JobError where it ended without an answer.
    """
    for line in lines:
        if line.startswith(MARK):
            values = json.loads(line.removeprefix(MARK))
            if "error" in values:
                raise _revive(*values["error"])
            folder, warnings = Path(values.pop("folder")), tuple(values.pop("warnings"))
            return Started(folder, warnings, **values)
    last = f" The last it said was: {lines[-1].strip()}." if lines else ""
    raise JobError(f"The process of the job ended before the job began.{last}")


def _revive(kind: str, message: str, hint: str, exit_code: int) -> MtuiError:
    known = getattr(errors, kind, None)
    if not (isinstance(known, type) and issubclass(known, MtuiError)):
        known = JobError
    error = known(message, hint)
    error.exit_code = ExitCode(exit_code)
    return error
