"""Particles per second of the engine and of the peer, side by side, and the engine over its floor.

    python -m tests.benchmarks.bench_engine --peer /path/to/venv [--quick] [--boxes 32 48 64 96]

The two programs take turns on particles of the same series; the peer with the number of particles per call
that suits it best. Reported are medians of the turns after one for warming up, the ratio of the medians, the
ratio of the fastest turns, and that of the processor time (of all threads), which suffers least from others
on the machine; with --processor-time all figures are processor time. Without a peer (option or environment
variable MTUI_PEER) the engine runs alone.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mtui.engine.export_unit import export_unit
from mtui.engine.runtime import configure_runtime
from mtui.engine.series_context import SeriesContext, SeriesInput, prepare_series
from tests.benchmarks.floor import count_cost, measure_machine
from tests.benchmarks.peer import Peer, running_peer
from tests.benchmarks.tables import load_note, print_header, print_row
from tests.benchmarks.workload import Particles, make_particles, make_series, make_settings

REPOSITORY = Path(__file__).resolve().parents[2]
COLUMNS = ("box", "orientation", "mtui ms", "peer ms", "ratio", "fastest", "processor time")


def engine_seconds(context: SeriesContext, particles: Particles) -> tuple[float, float]:
    """Seconds, and seconds of all processors, for all particles, results fetched."""
    start, used = time.perf_counter(), time.process_time()
    for result in export_unit(context, particles.positions_ang[:, None], particles.angles_deg[:, None]):
        del result
    return time.perf_counter() - start, time.process_time() - used


def main() -> None:
    """Measure and print a row per box and kind of orientation, then the floors."""
    options = _parse()
    configure_runtime()
    series = make_series(options.xml)
    print(f"{load_note()}; ms per particle, volume and 3D CTF, {series.geometry.n_tilts} tilts\n")
    with _peer(options, series) as peer:
        print_header(COLUMNS)
        found = [
            (context, _report(context, peer, options))
            for prerotate in options.orientations
            for box_px in options.boxes
            for context in [prepare_series(series, make_settings(box_px, prerotate))]
        ]
    _report_floors(found)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, default=os.environ.get("MTUI_PEER"))
    parser.add_argument(
        "--xml", type=Path, default=REPOSITORY.parent / "shared" / "golden" / "TS_1_geometry.xml"
    )
    parser.add_argument("--boxes", type=int, nargs="+")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--slices", type=int, help="slices of particles per turn of the engine")
    parser.add_argument("--peer-particles", type=int)
    parser.add_argument("--orientation", choices=("series", "particle", "both"), default="both")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="where others use the machine: the peer with one thread, whose waiting for another would count",
    )
    parser.add_argument("--quick", action="store_true", help="boxes 32 and 64, fewer turns and particles")
    options = parser.parse_args()
    quick = options.quick
    options.boxes = options.boxes or ([32, 64] if quick else [32, 48, 64, 96])
    options.turns = options.turns or (3 if quick else 7)
    options.slices = options.slices or (2 if quick else 4)
    options.peer_particles = options.peer_particles or (4 if quick else 16)
    options.orientations = {"series": [False], "particle": [True], "both": [False, True]}[options.orientation]
    return options


@contextmanager
def _peer(options: argparse.Namespace, series: SeriesInput) -> Iterator[Peer | None]:
    if options.peer is None:
        yield None
        return
    threads = 1 if options.processor_time else 2
    with running_peer(Path(options.peer), options.xml, series.images, threads=threads) as peer:
        yield peer


def _report(context: SeriesContext, peer: Peer | None, options: argparse.Namespace) -> float:
    """Print a row; the engine's milliseconds per particle."""
    box_px, prerotate = context.settings.box_px, context.settings.prerotate
    ours, theirs = make_particles(options.slices * context.slots), make_particles(options.peer_particles)
    engine_seconds(context, ours)
    batch = peer.best_batch(box_px, theirs, prerotate) if peer is not None else 1
    turns = []
    for _ in range(options.turns):
        mine = engine_seconds(context, ours)
        other = peer.seconds(box_px, theirs, prerotate, batch) if peer is not None else (float("nan"),) * 2
        turns.append((mine, other))
    counts = np.array([[len(ours.positions_ang)], [len(theirs.positions_ang)]], dtype=np.float64)
    times_ms = 1e3 * np.array(turns) / counts  # turn, program, wall or processor
    if options.processor_time:
        times_ms[..., 0] = times_ms[..., 1]
    median, best = np.median(times_ms, axis=0), times_ms.min(axis=0)
    ratios = median[1] / median[0]
    kind = "particle" if prerotate else "series"
    fastest = float(best[1, 0] / best[0, 0])
    print_row((box_px, kind, *median[:, 0].tolist(), float(ratios[0]), fastest, float(ratios[1])))
    return float(median[0, 0])


def _report_floors(found: list[tuple[SeriesContext, float]]) -> None:
    machine = measure_machine()
    print(
        f"\nA product of matrices runs at {machine.operations_per_s / 1e9:.0f} GFLOP/s here, a copy moves "
        f"{machine.bytes_per_s / 1e9:.1f} GB/s.\n"
    )
    print_header(("box", "orientation", "images", "insertion", "transforms", "MB", "floor ms", "over floor"))
    for context, measured_ms in found:
        cost, floor_ms = count_cost(context), machine.floor_ms(count_cost(context))
        kind = "particle" if context.settings.prerotate else "series"
        parts = (cost.image_operations, cost.insertion_operations, cost.transform_operations)
        mflop = (f"{part / 1e6:.3g} MFLOP" for part in parts)
        row = (context.settings.box_px, kind, *mflop, cost.bytes / 1e6, floor_ms, measured_ms / floor_ms)
        print_row(row)


if __name__ == "__main__":
    main()
