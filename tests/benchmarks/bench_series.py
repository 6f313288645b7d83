"""Image series per second of the engine and of the peer's particle images, side by side.

    python -m tests.benchmarks.bench_series --peer /path/to/venv [--boxes 32 48 64 96 128]

Both cut the same particles out of 41 tilts and multiply them by their CTFs; the engine also goes back to real
images, the peer stops at spectra. The two take turns; reported are the medians of the turns after one for
warming up, and the ratio of the best turns. Without a peer (option or environment variable MTUI_PEER) the
engine runs alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mtui.engine.image_series import ImageSeriesSettings, extract_images, prepare_image_series
from mtui.engine.runtime import configure_runtime
from mtui.engine.series_context import SeriesInput
from tests.benchmarks.workload import ANGPIX, Particles, make_particles, make_series

REPOSITORY = Path(__file__).resolve().parents[2]

PeerSeconds = Callable[[int, Particles, int], float]
"""Seconds for a box, particles, and particles per call."""


@contextmanager
def running_peer(venv: Path, xml: Path, images: np.ndarray, *, processor_time: bool) -> Iterator[PeerSeconds]:
    """Start the peer's worker with the same images."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        worker = Path(__file__).with_name("peer_images.py")
        command = [str(venv / "bin" / "python"), str(worker), str(xml), str(Path(folder) / "images.npy")]
        command += ["--threads", "1", "--processor-time"] if processor_time else []
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            requests, answers = process.stdin, process.stdout
            if requests is None or answers is None:
                raise RuntimeError("the peer has no pipes")
            answers.readline()

            def seconds(box_px: int, particles: Particles, batch: int) -> float:
                request = {"box": box_px, "batch": batch, "positions_ang": particles.positions_ang.tolist()}
                requests.write(json.dumps(request) + "\n")
                requests.flush()
                return float(json.loads(answers.readline())["seconds"])

            yield seconds
            requests.close()


def engine_runner(
    series: SeriesInput, box_px: int, particles: Particles, clock: Callable[[], float]
) -> Callable[[], float]:
    """A function that makes all images once and says how many seconds it took."""
    context = prepare_image_series(series, ImageSeriesSettings(ANGPIX, box_px, premultiply=True))
    n_tilts, count = series.geometry.n_tilts, len(particles.positions_ang)
    coords_ang = np.repeat(particles.positions_ang[:, None], n_tilts, axis=1)
    particle, tilt = np.divmod(np.arange(count * n_tilts), n_tilts)

    def run() -> float:
        start = clock()
        extract_images(context, coords_ang, particle, tilt)
        return clock() - start

    return run


def main() -> None:
    """Measure and print one line per box."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, default=os.environ.get("MTUI_PEER"))
    parser.add_argument(
        "--xml", type=Path, default=REPOSITORY.parent / "shared" / "golden" / "TS_1_geometry.xml"
    )
    parser.add_argument("--boxes", type=int, nargs="+", default=[32, 48, 64, 96, 128])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--particles", type=int, default=64)
    parser.add_argument("--peer-batch", type=int, default=16, help="particles per call of the peer")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="count processor time, of the peer with one thread: for a machine that others use too",
    )
    options = parser.parse_args()
    configure_runtime()
    series = make_series(options.xml)
    print(f"{'box':>4} {'engine µs':>10} {'peer µs':>10} {'ratio':>7} {'best':>7}   (per image)")
    if options.peer is None:
        for box_px in options.boxes:
            _report(box_px, series, None, options)
        return
    how = {"processor_time": options.processor_time}
    with running_peer(Path(options.peer), options.xml, series.images, **how) as peer:
        for box_px in options.boxes:
            _report(box_px, series, peer, options)


def _report(box_px: int, series: SeriesInput, peer: PeerSeconds | None, options: argparse.Namespace) -> None:
    particles = make_particles(options.particles)
    clock = time.process_time if options.processor_time else time.perf_counter
    engine = engine_runner(series, box_px, particles, clock)
    turns: list[tuple[float, float]] = []
    for _ in range(options.turns + 1):
        other = peer(box_px, particles, options.peer_batch) if peer is not None else float("nan")
        turns.append((engine(), other))
    times = 1e6 * np.array(turns[1:]) / (options.particles * series.geometry.n_tilts)
    ours, theirs = np.median(times, axis=0)
    best_ours, best_theirs = times.min(axis=0)
    print(
        f"{box_px:4d} {ours:10.1f} {theirs:10.1f} {theirs / ours:7.1f} {best_theirs / best_ours:7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
