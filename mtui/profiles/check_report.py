"""What a check says: findings, each with a place, and the counts behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a reader of the set would stumble over, or that looks wrong."""

    severity: Literal["error", "warning"]
    where: str
    """File, and row or column."""
    text: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of a check."""

    star: Path
    profile: str
    """The profile that the set was recognised as."""
    base: Path
    """Folder that the paths in the tables start from."""
    particles: int
    files_opened: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is allowed but may surprise."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def rows_text(rows: Sequence[int]) -> str:
    """``row 4``, ``rows 1, 2, 3 and 17 more``; rows count from 1."""
    shown = ", ".join(str(row + 1) for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def bad_rows(where: str, rows: Iterable[int], text: str) -> Iterator[Finding]:
    """One error for all rows that break a rule; none if no row does."""
    found = [int(row) for row in rows]
    if found:
        yield Finding("error", f"{where}, {rows_text(found)}", text)
