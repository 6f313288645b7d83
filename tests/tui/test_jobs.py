"""The Jobs screens: what the keys do to a job."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mtui.jobs import stopping
from mtui.jobs.claim import claim_run
from mtui.jobs.events import Event, append_event
from mtui.jobs.record import Job, JobState, create_job, list_jobs, write_state
from mtui.settings import ExportSettings
from mtui.tui.screens.job import JobScreen
from mtui.tui.widgets.log_view import LogView
from tests.tui.conftest import PLAIN, running, screen_text, wait_for, wait_for_text


def a_job(population: Path, status: str) -> Job:
    job = create_job(
        ExportSettings(population, "apoferritin", population.parent / "out" / "a.star"), time.time()
    )
    append_event(job.events_path, Event("started", 1000.0, particles=4, series_count=2, unit_count=2))
    append_event(job.events_path, Event("series", 1000.0, "TS_1", unit_count=2))
    for number in range(3):
        append_event(
            job.events_path,
            Event("unit", 1010.0 + number, "TS_1", number, 1, 9.0, device="GPU 0", memory_mb=12_100),
        )
    write_state(job, JobState(status, time.time(), "user1", "gpu07"))  # type: ignore[arg-type]
    return job


async def test_delete_asks_and_keeps_by_default(population: Path) -> None:
    job = a_job(population, "stopped")
    async with running(population, terminal=PLAIN) as pilot:
        await wait_for_text(pilot, "Opened")
        await pilot.press("J")
        await wait_for_text(pilot, "Jobs (1)", "= stopped")
        await pilot.press("d")
        await wait_for_text(pilot, "Delete job 1?", "What it exported stays where it is")
        await pilot.press("enter")
        assert job.folder.exists()
        await pilot.press("d")
        await wait_for_text(pilot, "Delete job 1?")
        await pilot.press("y")
        await wait_for_text(pilot, "Job 1 is forgotten", "No jobs yet")
    assert list_jobs(population) == ()


async def test_a_running_job_is_stopped_once_and_again(
    population: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job(population, "running")
    claim_run(job)
    sent: list[str] = []
    monkeypatch.setattr(stopping, "_send", lambda job, pid, number: sent.append(number.name))
    async with running(population, terminal=PLAIN) as pilot:
        await wait_for_text(pilot, "Opened")
        await pilot.press("J")
        await wait_for_text(pilot, "Jobs (1)", "* running")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
        await wait_for_text(pilot, "GPU 0  TS_1  100%   12.1 GB", "series/min")
        await pilot.press("r")
        await wait_for_text(pilot, "Job 1 is running.")
        await pilot.press("x")
        await wait_for_text(pilot, "Stop job 1?", "Continue later with r, or: mtui jobs resume 1")
        await pilot.press("y")
        await wait_for_text(pilot, "x again stops now")
        await pilot.press("x")
        await wait_for(pilot, lambda: len(sent) == 2)
    assert sent == ["SIGTERM", "SIGINT"]


async def test_resuming_says_what_is_wrong(population: Path) -> None:
    a_job(population, "stopped")
    async with running(population, terminal=PLAIN) as pilot:
        await wait_for_text(pilot, "Opened")
        await pilot.press("J")
        await wait_for_text(pilot, "Jobs (1)", "= stopped")
        await pilot.press("r")
        # The small project has no images to export.
        await wait_for_text(pilot, "x failed")


async def test_looking_only_changes_no_job(population: Path) -> None:
    job = a_job(population, "stopped")
    async with running(population, terminal=PLAIN, readonly=True) as pilot:
        await wait_for_text(pilot, "Opened")
        await pilot.press("J")
        await wait_for_text(pilot, "Jobs (1)")
        for key in "xrd":
            await pilot.press(key)
            await wait_for_text(pilot, "mtui was started with --readonly.")
    assert job.folder.exists()


async def test_the_log_is_searched(population: Path) -> None:
    job = a_job(population, "done")
    job.log_path.write_text(
        "".join(f"10:00:{number:02d} unit TS_{number:04d} done\n" for number in range(50))
    )
    async with running(population, terminal=PLAIN) as pilot:
        await wait_for_text(pilot, "Opened")
        await pilot.press("J")
        await wait_for_text(pilot, "Jobs (1)")
        await pilot.press("enter")
        await wait_for_text(pilot, "TS_0049 done", "TS_0048 done")
        await pilot.press("slash", *"ts_001")
        await wait_for_text(pilot, "10 lines", "TS_0019 done")
        assert "TS_0049" not in screen_text(pilot.app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.focused, LogView))
        await pilot.press("home")
        await wait_for_text(pilot, "TS_0010 done")
        await pilot.press("slash", "escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.focused, LogView))
        await pilot.press("end")
        await wait_for_text(pilot, "TS_0049 done")
