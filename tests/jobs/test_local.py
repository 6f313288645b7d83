"""In one process, the next series is made ready while one is worked on, and no more than that."""

from __future__ import annotations

import threading
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from mtui.errors import ModelError
from mtui.jobs import local
from mtui.jobs.local import LocalCrew
from mtui.jobs.preflight import prepare_folders
from mtui.jobs.prepared import PreparedSeries, prepare_for_export
from mtui.jobs.results import SeriesBegun, SeriesFailed, UnitDone
from mtui.model.export_plan import ExportPlan, SeriesPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.tiny import write_tiny

ROOTS = ("TS_1", "TS_2", "TS_3", "TS_4")


def plan_of(folder: Path) -> ExportPlan:
    project = write_tiny(folder, (ROOTS,), particles=1)
    settings = ExportSettings(project.population, "apo 1", folder / "out" / "a.star", box=8)
    plan = plan_export(load_population(project.population), settings)
    prepare_folders(plan)
    return plan


def test_one_series_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(tmp_path)
    ready = {root: threading.Event() for root in ROOTS}

    def prepare(plan: ExportPlan, series: SeriesPlan) -> PreparedSeries:
        prepared = prepare_for_export(plan, series)
        ready[series.ref.root].set()
        return prepared

    monkeypatch.setattr(local, "prepare_for_export", prepare)
    begun = [result for result in follow(plan, ready) if isinstance(result, SeriesBegun)]
    assert [result.series.ref.root for result in begun] == list(ROOTS)


def follow(plan: ExportPlan, ready: dict[str, threading.Event]) -> list[Any]:
    """All results; when a series has begun, the next one gets ready, and the one after it does not."""
    results = []
    for result in LocalCrew().results(plan, {}, Flag()):
        results.append(result)
        if isinstance(result, SeriesBegun):
            place = ROOTS.index(result.series.ref.root)
            assert all(ready[root].wait(timeout=60) for root in ROOTS[place : place + 2])
            assert not any(ready[root].is_set() for root in ROOTS[place + 2 :])
    return results


def test_a_series_that_cannot_be_made_ready_is_told_when_its_turn_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(tmp_path)

    def prepare(plan: ExportPlan, series: SeriesPlan) -> PreparedSeries:
        if series.ref.root == "TS_2":
            raise ModelError("TS_2 is damaged.", "Mend it.")
        return prepare_for_export(plan, series)

    monkeypatch.setattr(local, "prepare_for_export", prepare)
    results = list(LocalCrew().results(plan, {}, Flag()))
    told = [
        (type(result).__name__, result.series.ref.root)
        for result in results
        if isinstance(result, SeriesBegun | SeriesFailed | UnitDone)
    ]
    assert told == [
        (kind, root)
        for root in ROOTS
        for kind in ("SeriesBegun", "SeriesFailed" if root == "TS_2" else "UnitDone")
    ]
    (failed,) = (result for result in results if isinstance(result, SeriesFailed))
    assert "TS_2 is damaged" in failed.reason
