"""What a job says is in its events and, in words, in its log."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mtui.jobs.events import read_events
from mtui.jobs.record import create_job
from mtui.jobs.report import Reporter
from tests.jobs.faults import tiny_settings


def test_a_line_for_each_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = create_job(tiny_settings(tmp_path), time.time())
    report = Reporter(job)
    report.series_begun("TS_1", 2)
    report.series_skipped("TS_1", 3, "It has no averages.")
    report.writing("writing a.star")
    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["series TS_1", "problem TS_1 3 particles It has no averages.", "writing a.star"]
    events, _ = read_events(job.events_path)
    assert [event.kind for event in events] == ["series", "problem", "writing"]
