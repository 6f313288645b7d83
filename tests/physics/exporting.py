"""Exports of the demo for the tests of this folder: the job's work, in this process."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event as Flag
from typing import Any

from mtui.jobs.export import run_export
from mtui.jobs.record import create_job
from mtui.jobs.report import Reporter
from mtui.model.export_plan import plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings


def export_set(population: Path, species: str, output: Path, **options: Any) -> Path:
    """Export and return the particle table."""
    settings = ExportSettings(population, species, output, **options)
    plan = plan_export(load_population(population), settings)
    outcome = run_export(plan, Reporter(create_job(settings, time.time())), Flag())
    assert outcome.skipped == 0, outcome.text
    return output
