"""The app's side of the planner: asks the child process, ends it with the form."""

from __future__ import annotations

import asyncio
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO, cast

from mtui.settings import ExportSettings, to_json
from mtui.tui.child import last_words, module_command

Request = Literal["plan", "extent", "start"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an export would do."""

    kind: str = "volumes"
    particles: int = 0
    series: int = 0
    files: int = 0
    bytes: int = 0
    free: int = 0
    seconds: float | None = None
    """How long it will take, going by earlier exports on this machine; None where there are none."""
    warnings: tuple[str, ...] = ()
    problem: str = ""
    """Why it cannot be done, with the remedy; empty if it can."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Smallest and largest values over the tilt series; None where nothing is known."""

    tilts: tuple[int, int] | None = None
    super_boxes: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()
    """Series that would be skipped."""


class PlannerError(Exception):
    """The child ended, or answered with a problem; the text is for people."""


class PlanningChild:
    """A child process that plans exports of one species, from the first question until ``close``."""

    def __init__(self, population: Path, guid: str) -> None:
        self._command = module_command("mtui.tui.planner", str(population), guid)
        self._process: subprocess.Popen[str] | None = None
        self._executor = ThreadPoolExecutor(1)
        self._latest = 0

    async def plan(self, settings: ExportSettings) -> Plan:
        """What these settings would do."""
        try:
            values = await self._ask("plan", settings)
        except PlannerError as error:
            return Plan(problem=str(error))
        problem = " ".join(filter(None, (values.pop("problem", ""), values.pop("hint", ""))))
        warnings = tuple(values.pop("warnings", ()))
        return Plan(**values, warnings=warnings, problem=problem)

    async def extent(self, settings: ExportSettings) -> Extent:
        """Tilts and super-box of the series; nothing if they cannot be read."""
        try:
            values = await self._ask("extent", settings)
        except PlannerError:
            return Extent()
        warnings = tuple(values.get("warnings", ()))
        return Extent(_pair(values.get("tilts")), _pair(values.get("super_boxes")), warnings)

    async def start(self, settings: ExportSettings) -> Path:
        """Start the job and give its folder; raises PlannerError with the reason."""
        values = await self._ask("start", settings)
        if "problem" in values:
            raise PlannerError(f"{values['problem']} {values['hint']}".strip())
        return Path(values["folder"])

    async def _ask(self, request: Request, settings: ExportSettings) -> dict[str, Any]:
        """One question and its answer; a question that was followed by another is not asked any more."""
        self._latest += 1
        line = json.dumps([request, to_json(settings)])
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._exchange, self._latest, line)

    def _exchange(self, number: int, line: str) -> dict[str, Any]:
        if number != self._latest:
            raise PlannerError("The question is out of date.")
        process = self._running()
        answer = _ask_once(process, line)
        if not answer:
            self._process = None
            _, stderr = process.communicate()
            raise PlannerError(last_words(stderr, process.returncode))
        return dict(json.loads(answer))

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        return self._process

    def close(self) -> None:
        """End the child, whatever it does; a job that it started lives on."""
        self._latest += 1
        self._executor.shutdown(wait=False, cancel_futures=True)
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _ask_once(process: subprocess.Popen[str], line: str) -> str:
    """The line that a child answers with; empty if it has ended."""
    questions, answers = cast("TextIO", process.stdin), cast("TextIO", process.stdout)
    try:
        questions.write(line + "\n")
        questions.flush()
    except BrokenPipeError:
        return ""
    return answers.readline()


def _pair(values: list[int] | None) -> tuple[int, int] | None:
    return (values[0], values[1]) if values else None
