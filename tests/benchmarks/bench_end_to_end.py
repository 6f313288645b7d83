"""An export from files to files: how much of reading and writing is hidden behind computing.

    python -m tests.benchmarks.bench_end_to_end [--quick] [--box 64] [--particles 256] [--folder FOLDER]

A project with one tilt series of 41 tilts, 400 x 400 pixels, is exported as a job does it. In the same
process its parts are measured alone: reading and preprocessing the images, computing without writing, and
writing without computing. Reported are medians of some turns, after one for warming up: seconds by the clock
and of all processors. What remains when the processors are busy all the time is work, not waiting.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event as Flag

import numpy as np

from mtui.engine.export_unit import export_unit
from mtui.engine.runtime import configure_runtime, usable_processors
from mtui.engine.series_context import prepare_series
from mtui.formats.mrc import write_mrc
from mtui.jobs.events import Event
from mtui.jobs.export import run_export
from mtui.jobs.images import Writers
from mtui.jobs.record import create_job
from mtui.jobs.report import Reporter
from mtui.jobs.series_input import LoadedSeries, load_series
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.model.series_writer import save_tilt_series
from mtui.model.tilt_series import load_tilt_series
from mtui.settings import ExportSettings
from tests.benchmarks.tables import load_note, print_header, print_row
from tests.tiny import write_tiny

TILTS, IMAGE_PX = 41, 400


def main() -> None:
    """Measure and print the parts and the whole."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--box", type=int)
    parser.add_argument("--particles", type=int)
    parser.add_argument("--turns", type=int)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; a temporary one by default")
    parser.add_argument("--quick", action="store_true", help="box 32, 128 particles, three turns")
    options = parser.parse_args()
    box_px = options.box or (32 if options.quick else 64)
    count = options.particles or (128 if options.quick else 256)
    turns = options.turns or (3 if options.quick else 5)
    configure_runtime()
    print(f"{load_note()}; box {box_px}, {TILTS} tilts, {count} particles\n")
    with tempfile.TemporaryDirectory(prefix="mtui-bench-", dir=options.folder) as name:
        parts = _parts(Path(name), box_px, count)
        times = np.array([[_seconds(*part) for part in parts.values()] for _ in range(turns + 1)])
    _print(dict(zip(parts, np.median(times[1:], axis=0).tolist(), strict=True)), count)


def _parts(folder: Path, box_px: int, count: int) -> dict[str, tuple[Path, Callable[[], None]]]:
    """For each part what it does, and the folder that has to be empty before."""
    plan = _plan(folder, box_px, count)
    loaded = load_series(plan, plan.series[0])
    values = np.random.default_rng(1).normal(size=(box_px,) * 3).astype(np.float32)
    written, exported = folder / "written", plan.settings.output.parent
    return {
        "read": (written, lambda: _read(plan)),
        "compute": (written, lambda: _compute(plan, loaded)),
        "write": (written, lambda: _write(written, values, count, float(plan.angpix))),
        "export": (exported, lambda: _export(plan)),
    }


def _plan(folder: Path, box_px: int, count: int) -> ExportPlan:
    project = write_tiny(folder / "project", particles=count, tilts=TILTS, image_px=IMAGE_PX)
    xml = project.xml("TS_1")
    series = load_tilt_series(xml)
    # An axis that is not parallel to an edge of the image: such a series has half the taps.
    geometry = replace(series.geometry, axis_angle_deg=np.full(TILTS, 84.0))
    save_tilt_series(replace(series, geometry=geometry))
    settings = ExportSettings(project.population, "apo 1", folder / "out" / "a.star", box=box_px)
    return plan_export(load_population(project.population), settings)


def _read(plan: ExportPlan) -> None:
    load_series(plan, plan.series[0])


def _compute(plan: ExportPlan, loaded: LoadedSeries) -> None:
    context = prepare_series(loaded.input, loaded.settings)
    for result in export_unit(context, plan.particles.positions_ang, plan.particles.angles_deg):
        del result


def _write(target: Path, values: np.ndarray, count: int, angpix: float) -> None:
    ctf = values[..., : values.shape[0] // 2 + 1]
    with Writers() as writers:
        for number in range(count):
            for name, array in (("volume", values), ("ctf", ctf)):
                write = partial(write_mrc, array=array, angpix=angpix, standard=True, flush_name=False)
                writers.submit(target / f"{number}_{name}.mrc", write)
        writers.take_written()


class _Silent(Reporter):
    """Tells nobody; jobs append events to a file, which takes no time beside the work."""

    def say(self, event: Event) -> None:
        """Nothing."""


def _export(plan: ExportPlan) -> None:
    job = create_job(plan.settings, time.time())
    outcome = run_export(plan, _Silent(job), Flag())
    if outcome.particles != plan.n_particles:
        raise SystemExit(outcome.text)


def _seconds(folder: Path, act: Callable[[], None]) -> tuple[float, float]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start, used = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - start, time.process_time() - used


def _print(seconds: dict[str, list[float]], count: int) -> None:
    print_header(("part", "s", "ms per particle", "processor s"))
    for name, (value, used) in seconds.items():
        print_row((name, value, 1e3 * value / count, used))
    one_by_one = sum(seconds[name][0] for name in ("read", "compute", "write"))
    export, used = seconds["export"]
    hidden = (one_by_one - export) / seconds["write"][0]
    print(
        f"\nOne after the other the parts take {one_by_one:.2f} s, the export {export:.2f} s: "
        f"{export / seconds['compute'][0]:.2f} times computing alone, {100 * hidden:.0f} % of the time for "
        f"writing is hidden. Meanwhile {used / export:.2f} of {usable_processors()} processors were busy."
    )


if __name__ == "__main__":
    main()
