"""An export from files to files: how much of reading and writing is hidden behind computing.

    python -m tests.benchmarks.bench_end_to_end [--quick] [--box 64] [--series 2] [--particles 256]
        [--flush-ms 20] [--folder FOLDER]

A project with tilt series of 41 tilts, 400 x 400 pixels, is exported as a job does it. In the same process
its parts are measured alone: making series ready (reading and preprocessing images, and what particles
share), computing without writing, and writing without computing. Writing and export are measured once more on
a disk that takes some milliseconds longer to flush a file, in which the processors have nothing to do:
waiting for a disk is told from the work of writing. Reported are medians of some turns, after one for warming
up: seconds by the clock and of all processors.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event as Flag

import numpy as np

from mtui.engine.export_unit import export_unit
from mtui.engine.runtime import configure_runtime, usable_processors
from mtui.engine.series_context import SeriesContext, place_series
from mtui.formats import files
from mtui.formats.mrc import mrc_chunks
from mtui.jobs.events import Event
from mtui.jobs.export import run_export
from mtui.jobs.images import Writers
from mtui.jobs.prepared import prepare_for_export
from mtui.jobs.record import create_job
from mtui.jobs.report import Reporter
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.model.series_writer import save_tilt_series
from mtui.model.tilt_series import load_tilt_series
from mtui.settings import ExportSettings
from tests.benchmarks.tables import load_note, print_header, print_row
from tests.tiny import write_tiny

TILTS, IMAGE_PX = 41, 400
SLOW_WRITE, SLOW_EXPORT = "write, slower disk", "export, slower disk"
SLOWER = ((SLOW_WRITE, "write"), (SLOW_EXPORT, "export"))


def main() -> None:
    """Measure and print the parts and the whole."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--box", type=int)
    parser.add_argument("--series", type=int, default=2)
    parser.add_argument("--particles", type=int, help="in each series")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--flush-ms", type=float, default=20.0, help="what the slower disk takes longer")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; a temporary one by default")
    parser.add_argument("--quick", action="store_true", help="box 32, 128 particles, three turns")
    options = parser.parse_args()
    box_px = options.box or (32 if options.quick else 64)
    count = options.particles or (128 if options.quick else 256)
    turns = options.turns or (3 if options.quick else 5)
    configure_runtime()
    print(f"{load_note()}; box {box_px}, {TILTS} tilts, {options.series} x {count} particles\n")
    with tempfile.TemporaryDirectory(prefix="mtui-bench-", dir=options.folder) as name:
        plan = _plan(Path(name), box_px, options.series, count)
        parts = _parts(Path(name), plan, options.flush_ms / 1e3)
        times = np.array([[_seconds(*part) for part in parts.values()] for _ in range(turns + 1)])
    medians = dict(zip(parts, np.median(times[1:], axis=0).tolist(), strict=True))
    _print(medians, plan.n_particles, options.flush_ms / 1e3)


def _parts(folder: Path, plan: ExportPlan, flush_s: float) -> dict[str, tuple[Path, Callable[[], object]]]:
    """For each part what it does, and the folder that has to be empty before."""
    contexts = _prepare(plan)
    written, exported = folder / "written", plan.settings.output.parent
    return {
        "make ready": (written, lambda: _prepare(plan)),
        "compute": (written, lambda: _compute(plan, contexts)),
        "write": (written, lambda: _write(written, plan)),
        "export": (exported, lambda: _export(plan)),
        SLOW_WRITE: (written, lambda: _on_slower_disk(flush_s, lambda: _write(written, plan))),
        SLOW_EXPORT: (exported, lambda: _on_slower_disk(flush_s, lambda: _export(plan))),
    }


def _plan(folder: Path, box_px: int, n_series: int, count: int) -> ExportPlan:
    roots = tuple(f"TS_{number + 1}" for number in range(n_series))
    project = write_tiny(folder / "project", (roots,), particles=count, tilts=TILTS, image_px=IMAGE_PX)
    for root in roots:
        series = load_tilt_series(project.xml(root))
        # An axis that is not parallel to an edge of the image: such a series has half the taps.
        geometry = replace(series.geometry, axis_angle_deg=np.full(TILTS, 84.0))
        save_tilt_series(replace(series, geometry=geometry))
    settings = ExportSettings(project.population, "apo 1", folder / "out" / "a.star", box=box_px)
    return plan_export(load_population(project.population), settings)


def _prepare(plan: ExportPlan) -> list[SeriesContext]:
    contexts = [prepare_for_export(plan, series).context for series in plan.series]
    return [place_series(context) for context in contexts if isinstance(context, SeriesContext)]


def _compute(plan: ExportPlan, contexts: list[SeriesContext]) -> None:
    for series, context in zip(plan.series, contexts, strict=True):
        particles = plan.particles.select(series.rows)
        for result in export_unit(context, particles.positions_ang, particles.angles_deg):
            del result


def _write(target: Path, plan: ExportPlan) -> None:
    """As many files as the export writes, from numbers that are rounded already."""
    volume = np.random.default_rng(1).normal(size=(plan.box_px,) * 3).astype(np.float16)
    ctf = np.ascontiguousarray(volume[..., : plan.box_px // 2 + 1])
    angpix = float(plan.angpix)
    arrays = [(name, half, half.astype(np.float32)) for name, half in (("volume", volume), ("ctf", ctf))]
    with Writers() as writers:
        for number in range(plan.n_particles):
            for name, half, single in arrays:
                encode = partial(mrc_chunks, array=single, angpix=angpix, standard=True, rounded=half)
                writers.submit(target / f"{number}_{name}.mrc", encode, single.nbytes)
        writers.take_written()


def _on_slower_disk(flush_s: float, act: Callable[[], None]) -> None:
    """Flushing takes longer, as often as that happens."""
    flush = files._flush

    def wait_and_flush(path: Path) -> None:
        time.sleep(flush_s)
        flush(path)

    files._flush = wait_and_flush
    try:
        act()
    finally:
        files._flush = flush


class _Silent(Reporter):
    """Tells nobody; jobs append events to a file, which takes no time beside the work."""

    def say(self, event: Event) -> None:
        """Nothing."""


def _export(plan: ExportPlan) -> None:
    job = create_job(plan.settings, time.time())
    outcome = run_export(plan, _Silent(job), Flag())
    if outcome.particles != plan.n_particles:
        raise SystemExit(outcome.text)


def _seconds(folder: Path, act: Callable[[], object]) -> tuple[float, float]:
    # Not deleted: for seconds ext4 leaves the inodes of deleted files alone, and looks at them each time.
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.{uuid.uuid4()}"))
    folder.mkdir(parents=True)
    start, used = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - start, time.process_time() - used


def _print(seconds: dict[str, list[float]], count: int, flush_s: float) -> None:
    print_header(("part", "s", "ms per particle", "processor s"))
    for name, (value, used) in seconds.items():
        print_row((name, value, 1e3 * value / count, used))
    one_by_one, of_processors = (
        sum(seconds[name][column] for name in ("make ready", "compute", "write")) for column in (0, 1)
    )
    export, used = seconds["export"]
    alone, visible = (seconds[slow][0] - seconds[usual][0] for slow, usual in SLOWER)
    print(
        f"\nOne after the other the parts take {one_by_one:.2f} s, the export {export:.2f} s; their work "
        f"alone would take all {usable_processors()} processors {of_processors / usable_processors():.2f} s; "
        f"{used / export:.2f} were busy. Flushing {2 * count} images to the slower disk takes "
        f"{2 * count * flush_s:.1f} s longer in sum, writing alone {alone:.2f} s, the export {visible:.2f} s."
    )


if __name__ == "__main__":
    main()
