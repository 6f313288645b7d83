"""Whether cost grows linearly with the particles of a series, and memory not at all.

    python -m tests.benchmarks.bench_scaling [--quick] [--box 32] [--counts 100 1000]

Each count has a process of its own, which reconstructs all particles of one series, some times in turns with
the others. Before each turn it warms up on one slice, since the others' turns have emptied the caches.
Reported are the medians of milliseconds of wall clock and of all processors per particle, and the most memory
that the process had.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from tests.benchmarks.tables import load_note, print_header, print_row

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure and print a row per count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--xml", type=Path, default=REPOSITORY.parent / "shared" / "golden" / "TS_1_geometry.xml"
    )
    parser.add_argument("--box", type=int, default=32)
    parser.add_argument("--counts", type=int, nargs="+")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--quick", action="store_true", help="96 and 480 particles, three turns")
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)  # in the process of one count
    options = parser.parse_args()
    if options.count:
        _work(options.xml, options.box, options.count)
        return
    counts = options.counts or ([96, 480] if options.quick else [100, 1000])
    turns = options.turns or (3 if options.quick else 5)
    print(f"{load_note()}; box {options.box}, 41 tilts\n")
    print_header(("particles", "ms per particle", "fastest", "processor ms", "peak memory MB"))
    _report(options, counts, turns)


def _report(options: argparse.Namespace, counts: list[int], turns: int) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.bench_scaling", "--xml", options.xml]
    command += ["--box", str(options.box), "--count"]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for count in counts
        ]
        times: list[list[tuple[float, float, float]]] = [[] for _ in counts]
        for _ in range(turns):
            for process, answers in zip(processes, times, strict=True):
                assert process.stdin is not None and process.stdout is not None
                answers.append(_ask(process.stdin, process.stdout))
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
    for count, answers in zip(counts, times, strict=True):
        wall, used, memory = np.array(answers).T
        per_particle = 1e3 / count
        print_row(
            (
                count,
                float(np.median(wall) * per_particle),
                float(wall.min() * per_particle),
                float(np.median(used) * per_particle),
                f"{memory[-1] / 1e6:.0f}",
            )
        )


def _ask(requests: IO[str], answers: IO[str]) -> tuple[float, float, float]:
    requests.write("go\n")
    requests.flush()
    seconds, used, memory = json.loads(answers.readline())
    return seconds, used, memory


def _work(xml: Path, box_px: int, count: int) -> None:
    """Reconstruct all particles for every line on stdin: seconds, seconds of all processors, peak bytes."""
    from mtui.engine.runtime import configure_runtime
    from mtui.engine.series_context import prepare_series
    from tests.benchmarks.bench_engine import engine_seconds
    from tests.benchmarks.workload import make_particles, make_series, make_settings

    configure_runtime()
    context = prepare_series(make_series(xml), make_settings(box_px, prerotate=False))
    one_slice, particles = make_particles(context.slots), make_particles(count)
    for _ in sys.stdin:
        engine_seconds(context, one_slice)
        seconds, used = engine_seconds(context, particles)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps((seconds, used, peak)), flush=True)


if __name__ == "__main__":
    main()
