"""Particles per second of the engine and of the peer, side by side.

    python -m tests.benchmarks.bench_engine --peer /path/to/venv [--boxes 32 48 64 96] [--prerotate]

The two programs take turns on the same particles; reported is the median of the turns after one for warming
up. Without a peer (option or environment variable MTUI_PEER) the engine runs alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from mtui.engine.export_unit import export_unit
from mtui.engine.runtime import configure_runtime
from mtui.engine.series_context import SeriesContext, SeriesInput, prepare_series
from tests.benchmarks.workload import Particles, make_particles, make_series, make_settings

REPOSITORY = Path(__file__).resolve().parents[2]
PEER_BATCH = 16


class Peer:
    """The peer's process."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests, self._answers = requests, answers

    def seconds(self, box_px: int, particles: Particles, prerotate: bool, batch: int) -> float:
        """Seconds for volumes and 3D CTFs of all particles."""
        request = {
            "box": box_px,
            "batch": batch,
            "prerotate": prerotate,
            "positions_ang": particles.positions_ang.tolist(),
            "angles_deg": particles.angles_deg.tolist(),
        }
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        answer = json.loads(self._answers.readline())
        return float(answer["volumes"] + answer["ctfs"])


@contextmanager
def running_peer(venv: Path, xml: Path, images: np.ndarray) -> Iterator[Peer]:
    """Start the peer's worker with the same images."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        worker = Path(__file__).with_name("peer_worker.py")
        command = [venv / "bin" / "python", worker, xml, Path(folder) / "images.npy"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdout.readline()
            yield Peer(process.stdin, process.stdout)
            process.stdin.close()


def engine_seconds(context: SeriesContext, particles: Particles) -> float:
    """Seconds for all particles, results fetched."""
    start = time.perf_counter()
    for result in export_unit(context, particles.positions_ang[:, None], particles.angles_deg[:, None]):
        del result
    return time.perf_counter() - start


def main() -> None:
    """Measure and print one line per box."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, default=os.environ.get("MTUI_PEER"))
    parser.add_argument(
        "--xml", type=Path, default=REPOSITORY.parent / "shared" / "golden" / "TS_1_geometry.xml"
    )
    parser.add_argument("--boxes", type=int, nargs="+", default=[32, 48, 64, 96])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--slices", type=int, default=4, help="slices of particles per turn of the engine")
    parser.add_argument("--peer-particles", type=int, default=16)
    parser.add_argument("--peer-batch", type=int, default=PEER_BATCH)
    parser.add_argument("--prerotate", action="store_true")
    options = parser.parse_args()
    configure_runtime()
    series = make_series(options.xml)
    print(f"{'box':>4} {'engine ms':>10} {'peer ms':>10} {'ratio':>7}   (per particle, of {options.turns})")
    if options.peer is None:
        for box_px in options.boxes:
            _report(box_px, series, None, options)
        return
    with running_peer(options.peer, options.xml, series.images) as peer:
        for box_px in options.boxes:
            _report(box_px, series, peer, options)


def _report(box_px: int, series: SeriesInput, peer: Peer | None, options: argparse.Namespace) -> None:
    context = prepare_series(series, make_settings(box_px, options.prerotate))
    ours = make_particles(options.slices * context.slots)
    theirs = make_particles(options.peer_particles)
    engine_seconds(context, ours)
    if peer is not None:
        peer.seconds(box_px, theirs, options.prerotate, options.peer_batch)
    engine, other = [], []
    for _ in range(options.turns):
        engine.append(engine_seconds(context, ours) / len(ours.positions_ang))
        if peer is not None:
            seconds = peer.seconds(box_px, theirs, options.prerotate, options.peer_batch)
            other.append(seconds / len(theirs.positions_ang))
    engine_ms, peer_ms = (
        1e3 * float(np.median(times)) if times else float("nan") for times in (engine, other)
    )
    print(f"{box_px:4d} {engine_ms:10.2f} {peer_ms:10.2f} {peer_ms / engine_ms:7.1f}", flush=True)


if __name__ == "__main__":
    main()
