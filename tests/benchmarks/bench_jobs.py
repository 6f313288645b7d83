"""What jobs on several workers cost: many short units, and a project of many tiny tilt series.

``python -m tests.benchmarks.bench_jobs units`` hands out units that only sleep, each with the record of 64
particles, to two workers: everything but the work itself. ``series`` writes a project of many tiny tilt
series, then loads, checks and exports it. ``table`` writes the table at the end of a large export. Times are
seconds, memory is the largest that the job's process has had so far.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag
from typing import TypeVar

from mtui.formats.star_writer import write_star
from mtui.jobs.events import Event, append_event
from mtui.jobs.export import Ledger, run_export
from mtui.jobs.finish import light_record
from mtui.jobs.inputs import check_inputs
from mtui.jobs.preflight import check_start
from mtui.jobs.record import create_job
from mtui.jobs.report import Reporter, StopRequest
from mtui.jobs.results import UnitDone
from mtui.jobs.scale import stretches
from mtui.jobs.scale.cluster import crew_for
from mtui.jobs.scale.remote import Prepared, carry_out
from mtui.jobs.scale.stretches import Stretch
from mtui.jobs.super_boxes import plan_super_boxes
from mtui.jobs.unit_store import UnitStore
from mtui.jobs.units import UnitRecord, append_unit
from mtui.model import export_plan
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.profiles.profile import Target
from mtui.profiles.registry import PROFILES
from mtui.profiles.relion3 import COLUMNS
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny

Value = TypeVar("Value")
ROWS = 64
"""Of a unit's record."""
WORKERS = 2


@dataclass(frozen=True)
class Asleep:
    """Work that only takes time."""

    unit_s: float

    def __call__(self, stretches: Sequence[Stretch]) -> None:
        for stretch in stretches:
            carry_out(stretch, self._prepare)

    def _prepare(self, stretch: Stretch, _stop: StopRequest) -> Prepared:
        return Prepared(self._units(stretch))

    def _units(self, stretch: Stretch) -> Iterator[UnitDone]:
        rows = {name: ["123456.78900"] * ROWS for name in COLUMNS}
        for unit in stretch.series.units:
            if unit.number not in stretch.done:
                time.sleep(self.unit_s)
            record = UnitRecord(unit.number, "hash", unit.start, unit.stop, {"particles": rows}, {})
            yield UnitDone(stretch.series, record, self.unit_s, "none")


def main() -> None:
    """Measure and print a line per figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("units", "series", "table"))
    parser.add_argument("--count", type=int, default=10_000, help="units, or series")
    parser.add_argument("--unit-ms", type=float, default=10.0)
    parser.add_argument("--units-per-series", type=int, default=1)
    parser.add_argument("--particles", type=int, default=4, help="per series")
    parser.add_argument("--kind", choices=("coordinates", "volumes"), default="volumes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mtui-bench-") as name:
        if options.what == "units":
            bench_units(Path(name), options.count, options.unit_ms / 1000, options.units_per_series)
        elif options.what == "series":
            bench_series(Path(name), options.count, options.particles, options.kind)
        else:
            bench_table(Path(name), options.count)


def bench_units(folder: Path, count: int, unit_s: float, per_series: int) -> None:
    """Hand out units that only sleep."""
    export_plan.UNIT_PARTICLES = 1
    project = write_tiny(folder, (("TS_1",),), particles=per_series, tilts=1)
    plan = _repeated(plan_of(project, workers=WORKERS), count // per_series)
    job = create_job(plan.settings, time.time())
    ledger = Ledger(plan, _Silent(job), UnitStore(job.units_path))
    crew = replace(crew_for(plan.settings), work=Asleep(unit_s))
    show(f"before {plan.n_units:,} units", 0.0)
    first, last, before = 0.0, 0.0, time.process_time()
    for number, result in enumerate(crew.results(plan, ledger.records, Flag())):
        ledger.enter(result)
        last = time.monotonic()
        first = first or (last if isinstance(result, UnitDone) else 0.0)
        if number % 5000 == 0:
            show(f"  {len(ledger.records):,} units", last - first if first else 0.0)
    ideal = plan.n_units * unit_s / WORKERS
    print(f"ideal {ideal:.1f} s, took {last - first:.1f} s, {(last - first) / ideal:.2f} times the ideal")
    used_ms = 1000 * (time.process_time() - before) / plan.n_units
    print(f"processor time of the job's process: {used_ms:.1f} ms per unit")
    print(f"a record has {job.units_path.stat().st_size / plan.n_units:,.0f} bytes")
    if len(ledger.records) != plan.n_units:
        raise SystemExit(f"{len(ledger.records)} units were recorded")


def bench_series(folder: Path, count: int, particles: int, kind: str) -> None:
    """Load, check and export a project of tiny tilt series."""
    roots = tuple(f"TS_{number:05d}" for number in range(count))
    project = timed("write the project", lambda: write_tiny(folder, (roots,), particles=particles, tilts=1))
    profile = "coordinates" if kind == "coordinates" else None
    plan = timed("load and plan", lambda: plan_of(project, workers=WORKERS, profile=profile))
    timed("check places, files in the way, space", lambda: check_start(plan))
    timed("check inputs", lambda: check_inputs(plan))
    timed("load all metadata (super-boxes)", lambda: plan_super_boxes(plan))
    job = create_job(plan.settings, time.time())
    timed(f"export {plan.n_particles:,} particles", lambda: run_export(plan, _Silent(job), Flag()))
    timed("go on with a finished export", lambda: run_export(plan, _Silent(job), Flag()))
    written = [path for path in (folder / "out").rglob("*") if path.is_file()]
    most = max(len(list(path.iterdir())) for path in {file.parent for file in written})
    print(f"{len(written):,} files, at most {most:,} entries in a folder")
    for path in (job.units_path, job.events_path):
        print(f"{path.name} has {path.stat().st_size / 1e6:.1f} MB")


def bench_table(folder: Path, count: int) -> None:
    """Write the table of many units, as at the end of an export."""
    path = folder / "units.jsonl"
    rows = {name: [f"{name}{row:014d}" for row in range(ROWS)] for name in COLUMNS}
    for number in range(count):
        append_unit(path, UnitRecord(number, "hash", 0, ROWS, {"particles": rows}, {}))
    store = timed("find the records", lambda: UnitStore(path))
    parts = timed("read them", lambda: [light_record(store[number]).tables for number in range(count)])
    target = Target(folder / "a.star", folder)
    files = timed(
        f"make the table of {ROWS * count:,} rows", lambda: PROFILES["relion3"].files_of(parts, target)
    )
    timed("write it", lambda: write_star(files[0].path, files[0].tables))


def plan_of(project: TinyProject, workers: int, profile: str | None = None) -> ExportPlan:
    """The plan of an export with small boxes."""
    settings = ExportSettings(
        project.population,
        "apo 1",
        project.folder / "out" / "a.star",
        box=8,
        workers=workers,
        profile=profile,
    )
    return plan_export(load_population(project.population), settings)


def timed(what: str, act: Callable[[], Value]) -> Value:
    """Do something and say how long it took."""
    begun = time.monotonic()
    value = act()
    show(what, time.monotonic() - begun)
    return value


def show(what: str, seconds: float) -> None:
    """A line with a time and the memory."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:<42} {seconds:8.2f} s {memory:7.0f} MB", flush=True)


def _repeated(plan: ExportPlan, times: int) -> ExportPlan:
    """The plan with its only series as many times, each with a hash and units of its own."""
    one = plan.series[0]
    size = len(one.units)
    series = (
        replace(
            one,
            ref=replace(one.ref, hash=f"{one.ref.hash}{number}"),
            units=tuple(replace(unit, number=unit.number + number * size) for unit in one.units),
        )
        for number in range(times)
    )
    return replace(plan, series=tuple(series))


class _Silent(Reporter):
    """Events go to the file, not to the terminal."""

    def say(self, event: Event) -> None:
        append_event(self.job.events_path, event)


if __name__ == "__main__":
    print(f"units in a stretch: {stretches.STRETCH_UNITS}")
    main()
