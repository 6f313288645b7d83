"""A job that is killed goes on to the bytes of an undisturbed run, and leaves nothing else."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from mtui.demo.project import DemoProject
from mtui.jobs import start
from mtui.jobs.record import Job
from mtui.settings import ExportSettings
from tests.jobs.faults import (
    Bench,
    assert_as_undisturbed,
    begin_or_nothing,
    fault,
    go_on,
    kill,
    put_away,
    run_undisturbed,
    tiny_settings,
    wait_for_end,
)

SEED = 20260
MOMENTS = 20


def kill_at_operation(bench: Bench, number: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Kill the job's process at an operation, go on, and return what it was doing."""
    with fault(monkeypatch, bench.report, at=number):
        job = begin_or_nothing(bench.settings)
        if job is not None:
            assert wait_for_end(job) == "lost"
    what = bench.report.read_text()
    assert what.startswith("kill in ")
    with fault(monkeypatch, bench.report):
        assert_as_undisturbed(bench, go_on(bench.settings))
    return what


def kill_at_time(bench: Bench, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill the job's process after a part of the time that it needs, and go on."""
    with fault(monkeypatch, bench.report):
        begun = time.monotonic()
        job = Job(start.launch_export(bench.settings).folder)
        time.sleep(max(0.0, begun + share * bench.seconds - time.monotonic()))
        if not kill(job):
            # It was faster this time; an earlier moment then.
            wait_for_end(job)
            put_away(bench)
            kill_at_time(bench, 0.7 * share, monkeypatch)
            return
        assert wait_for_end(job) == "lost"
        assert_as_undisturbed(bench, go_on(bench.settings))


def test_killed_at_some_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = run_undisturbed(tiny_settings(tmp_path), monkeypatch)
    chance = random.Random(SEED)
    # At its first run, again when it goes on, and a third time by the clock.
    with fault(monkeypatch, bench.report, at=chance.randrange(bench.operations // 3, bench.operations // 2)):
        job = Job(start.launch_export(bench.settings).folder)
        assert wait_for_end(job) == "lost"
    with fault(monkeypatch, bench.report, at=chance.randrange(20, bench.operations // 3)):
        start.resume_job(job)
        assert wait_for_end(job) == "lost"
    assert bench.report.read_text().startswith("kill in ")
    with fault(monkeypatch, bench.report):
        start.resume_job(job)
        time.sleep(0.2)
        assert kill(job)
        start.resume_job(job)
        assert_as_undisturbed(bench, job)


@pytest.mark.full
@pytest.mark.parametrize(
    ("kind", "profile"), [("series", "relion5"), ("series", "warp-series"), ("none", "coordinates")]
)
def test_other_outputs_killed_at_some_moments(
    kind: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(tiny_settings(tmp_path), output_kind=kind, profile=profile)
    bench = run_undisturbed(settings, monkeypatch)
    for number in random.Random(SEED).sample(range(1, bench.operations), 3):
        kill_at_operation(bench, number, monkeypatch)
        put_away(bench)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_killed_at_twenty_random_moments(demo_copy: DemoProject, monkeypatch: pytest.MonkeyPatch) -> None:
    output = demo_copy.folder / "out" / "a.star"
    settings = ExportSettings(demo_copy.population, "anchor", output, angpix=Decimal(10), box=16)
    bench = run_undisturbed(settings, monkeypatch)
    assert len(bench.expected) == 2 * 80 + 5 + 1
    chance = random.Random(SEED)
    seen: Counter[str] = Counter()
    for number in chance.sample(range(1, bench.operations), MOMENTS // 2):
        seen[kill_at_operation(bench, number, monkeypatch)] += 1
        put_away(bench)
    for _ in range(MOMENTS // 2):
        kill_at_time(bench, chance.uniform(0.1, 0.7), monkeypatch)
        put_away(bench)
    assert len(seen) >= 3, "moments of several kinds"
