"""What watching jobs costs on the line to the terminal."""

from __future__ import annotations

import time
from pathlib import Path

from mtui.jobs.claim import claim_run
from mtui.jobs.events import Event, append_event
from mtui.jobs.record import Job, JobState, create_job, write_state
from mtui.settings import ExportSettings
from tests.tui.pseudo_terminal import PseudoTerminal
from tests.tui.test_pty import app, opened

RUNNING_BYTES_PER_S = 500
WATCHED_S = 4


def a_running_job(population: Path) -> Job:
    job = create_job(ExportSettings(population, "apoferritin", population.parent / "a.star"), time.time())
    write_state(job, JobState("running", time.time(), "user1", "gpu07"))
    claim_run(job)
    # Long enough ago that the time elapsed is shown in full ten seconds.
    now = time.time() - 100
    append_event(job.events_path, Event("started", now, particles=6000, series_count=100, unit_count=100))
    return job


def work(job: Job, number: int) -> None:
    """A series a second, as fast as an export can be."""
    name = f"TS_{number:04d}"
    append_event(job.events_path, Event("series", time.time(), name, unit_count=1))
    unit = Event("unit", time.time(), name, number, 60, 1.0, 1, device="GPU 0", memory_mb=12_000 + number)
    append_event(job.events_path, unit)
    with job.log_path.open("a") as log:
        log.write(f"{time.strftime('%H:%M:%S')} unit {name} 60 particles 1.0 s GPU 0\n")


def bytes_while_working(terminal: PseudoTerminal, job: Job, first: int) -> int:
    before = len(terminal.received)
    for number in range(WATCHED_S):
        work(job, first + number)
        deadline = time.monotonic() + 1.0
        while (left := deadline - time.monotonic()) > 0:
            terminal.read(left)
    return len(terminal.received) - before


def test_a_running_job_sends_little_and_an_ended_one_nothing(population: Path) -> None:
    job = a_running_job(population)
    for number in range(5):
        work(job, number)
    with app(population) as terminal:
        opened(terminal)
        terminal.press("J")
        terminal.wait_for_text("Jobs (1)", "running")
        terminal.quiet(1.2)
        listed = bytes_while_working(terminal, job, 5)
        terminal.press("enter")
        terminal.wait_for_text("Problems (0)", "TS_0008")
        terminal.quiet(1.2)
        opened_job = bytes_while_working(terminal, job, 5 + WATCHED_S)
        write_state(job, JobState("done", time.time() + 1, "user1", "gpu07", "Wrote 5 particles."))
        terminal.wait_for_text("done: Wrote 5 particles.")
        terminal.quiet(1.2)
        assert terminal.quiet(2.5) == 0
        terminal.press("escape")
        terminal.wait_for_text("Jobs (1)", "done")
        terminal.quiet(1.2)
        assert terminal.quiet(2.5) == 0
    assert 0 < listed <= RUNNING_BYTES_PER_S * WATCHED_S
    assert 0 < opened_job <= RUNNING_BYTES_PER_S * WATCHED_S
