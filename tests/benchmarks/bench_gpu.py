"""The engine on a GPU: against the peer's CUDA path, against its own numbers on the CPU, and over its floor.

    python -m tests.benchmarks.bench_gpu --peer /path/to/cuda/venv [--quick] [--boxes 32 48 64 96]

As ``bench_engine``, both programs on the first GPU; the engine's results are fetched, the peer's stay on the
GPU. The share of counted kernels is the time in which a kernel runs whose operations and bytes ``floor``
counts (scatter, matrix products, transforms, fused arithmetic), over wall clock, from a profile of one turn.
Without a GPU it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jax
import numpy as np

from mtui.engine.export_unit import export_unit
from mtui.engine.runtime import configure_runtime
from mtui.engine.series_context import SeriesContext, SeriesInput, prepare_series
from tests.benchmarks.bench_engine import engine_seconds
from tests.benchmarks.floor import count_cost, measure_machine
from tests.benchmarks.peer import Peer, running_peer
from tests.benchmarks.tables import print_header, print_row
from tests.benchmarks.workload import Particles, make_particles, make_series, make_settings

REPOSITORY = Path(__file__).resolve().parents[2]
COLUMNS = (
    "box",
    "orientation",
    "mtui ms",
    "peer ms",
    "ratio",
    "over floor",
    "counted kernels",
    "volume rms to CPU",
    "CTF difference to CPU",
)
SLICES = 16
IN_PLACE = "dynamic_update_slice"  # where a kernel writes what it has computed
UNCOUNTED = ("memcpy", "memset", "copy", "transpose", "slice", "concatenate", "pad")


def main() -> None:
    """Measure and print a row per box and kind of orientation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, default=os.environ.get("MTUI_PEER"))
    parser.add_argument(
        "--xml", type=Path, default=REPOSITORY.parent / "shared" / "golden" / "TS_1_geometry.xml"
    )
    parser.add_argument("--boxes", type=int, nargs="+")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="boxes 32 and 64, three turns")
    options = parser.parse_args()
    gpus = [device for device in jax.devices() if device.platform == "gpu"]
    if not gpus:
        print("not measured: JAX sees no GPU here")
        return
    configure_runtime()
    series = make_series(options.xml)
    print(f"{gpus[0].device_kind}; ms per particle, volume and 3D CTF, {series.geometry.n_tilts} tilts\n")
    with ExitStack() as stack:
        peer = None
        if options.peer is not None:
            peer = stack.enter_context(running_peer(options.peer, options.xml, series.images, "cuda"))
        print_header(COLUMNS)
        for prerotate in (False, True):
            for box_px in options.boxes or ([32, 64] if options.quick else [32, 48, 64, 96]):
                _report(series, box_px, prerotate, peer, 3 if options.quick else options.turns)


def _report(series: SeriesInput, box_px: int, prerotate: bool, peer: Peer | None, turns: int) -> None:
    settings = make_settings(box_px, prerotate)
    context = prepare_series(series, settings)
    particles = make_particles(SLICES * context.slots)
    engine_seconds(context, particles)
    batch = peer.best_batch(box_px, particles, prerotate) if peer is not None else 1
    times = []
    for _ in range(turns):
        other = float("nan")
        if peer is not None:
            other = peer.seconds(box_px, particles, prerotate, batch)[0]
        times.append((engine_seconds(context, particles)[0], other))
    ours, theirs = 1e3 * np.median(times, axis=0) / len(particles.positions_ang)
    floor_ms = measure_machine(8192).floor_ms(count_cost(context))
    few = make_particles(4)
    volumes, ctfs = _volumes(context, few)
    expected, expected_ctfs = _volumes(prepare_series(series, settings, jax.devices("cpu")[0]), few)
    rms = float(np.sqrt(np.mean((volumes - expected) ** 2) / np.mean(expected**2)))
    kind, share = "particle" if prerotate else "series", _counted_share(context, particles)
    difference = float(np.abs(ctfs - expected_ctfs).max())
    row = (float(ours), float(theirs), float(theirs / ours), float(ours / floor_ms))
    print_row((box_px, kind, *row, f"{100 * share:.0f} %", rms, difference))


def _volumes(context: SeriesContext, particles: Particles) -> tuple[np.ndarray, np.ndarray]:
    results = list(export_unit(context, particles.positions_ang[:, None], particles.angles_deg[:, None]))
    return np.concatenate([r.volumes for r in results]), np.concatenate([r.ctfs for r in results])


def _counted_share(context: SeriesContext, particles: Particles) -> float:
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            seconds = engine_seconds(context, particles)[0]
        (path,) = Path(folder).rglob("*.trace.json.gz")
        events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    return counted_seconds(events) / seconds


def counted_seconds(events: Iterable[dict[str, Any]]) -> float:
    """Seconds in kernels on a GPU's streams that are not mere copies, from a trace in Chrome's format."""
    events = list(events)
    gpus = {
        event["pid"]
        for event in events
        if event.get("name") == "process_name" and "GPU" in str(event["args"]["name"])
    }
    streams = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name"
        and event["pid"] in gpus
        and "Stream" in str(event["args"]["name"])
    }
    microseconds = (
        float(event["dur"])
        for event in events
        if event.get("ph") == "X"
        and (event["pid"], event["tid"]) in streams
        and not any(word in event["name"].lower().replace(IN_PLACE, "") for word in UNCOUNTED)
    )
    return 1e-6 * sum(microseconds)


if __name__ == "__main__":
    main()
