"""An export that is caught at work and held there while it is pictured."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mtui.formats.files import write_text
from mtui.jobs.events import read_events
from mtui.jobs.heartbeat import read_heartbeat
from mtui.jobs.record import Job, list_jobs
from tests.make_screenshots.stage import Stage

WORDS = ("--volumes", "--box", "64", "--output", "demo/large/anchor.star")
UNITS = 3
"""So many units are done when it is held: the time left is told from then on."""
POLL_S = 0.002
LONGEST_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job whose process stands still."""

    job: Job
    pid: int
    held_at: float

    def renew(self) -> None:
        """Let everything be so long ago as when it was held; nobody else writes its events now."""
        shift = time.time() - self.held_at
        events = [json.loads(line) for line in self.job.events_path.read_text().splitlines()]
        late = max(event["time"] for event in events) - self.held_at
        shifted = [{**event, "time": event["time"] + shift - late} for event in events]
        write_text(self.job.events_path, "".join(json.dumps(event) + "\n" for event in shifted))


@contextmanager
def held_export(stage: Stage) -> Iterator[HeldJob]:
    """Start an export, stop its process when some units are done, and end it after the block."""
    stage.mtui("export", str(stage.population), "anchor", *WORDS, "--detach")
    job = list_jobs(stage.folder / stage.population)[0]
    deadline = time.monotonic() + LONGEST_WAIT_S
    while _units_done(job) < UNITS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"job {job.number} has not done {UNITS} units: see {job.log_path}")
        time.sleep(POLL_S)
    beat = read_heartbeat(job.heartbeat_path)
    if beat is None:
        raise TimeoutError(f"job {job.number} has no process")
    os.kill(beat.pid, signal.SIGSTOP)
    try:
        yield HeldJob(job, beat.pid, time.time())
    finally:
        os.kill(beat.pid, signal.SIGKILL)


def _units_done(job: Job) -> int:
    events, _ = read_events(job.events_path)
    return sum(event.kind == "unit" for event in events)
