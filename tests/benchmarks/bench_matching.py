"""Times and memory of the matching beside SciPy's dense solver, in one run.

``python -m tests.benchmarks.bench_matching`` does all; ``--series``, ``--size`` and ``--large`` make it
smaller. Every measurement has a process of its own, so that its peak memory can be told.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mtui.matching.gated import pair_particles_within
from mtui.matching.pairs import Pairs, pair_particles
from mtui.matching.sets import sort_distances
from tests.matching.scenes import make_scene

Floats = NDArray[np.float64]
PER_SERIES = 1000
TOLERANCE_ANG = 10.0


def scene(count: int, seed: int) -> tuple[Floats, Floats]:
    """As many old as new particles, 20 % unrelated, the others moved by about 14 Å; 1,000 in (3,000 Å)^3."""
    return make_scene("noisy", count, count, seed, box_ang=3000.0 * (count / PER_SERIES) ** (1 / 3))


def scenes(series: int) -> tuple[Floats, Floats, NDArray[np.str_]]:
    """Many series of 1,000 + 1,000 particles."""
    parts = [scene(PER_SERIES, seed) for seed in range(series)]
    hashes = np.repeat([f"hash{index:05d}" for index in range(series)], PER_SERIES)
    return np.concatenate([old for old, _ in parts]), np.concatenate([new for _, new in parts]), hashes


def many_mtui(series: int) -> dict[str, float]:
    """Wall time of the product on many series."""
    old, new, hashes = scenes(series)
    start = time.perf_counter()
    pairs = pair_particles(old, hashes, new, hashes)
    return {"seconds": time.perf_counter() - start, "total_ang": float(pairs.distance_ang.sum())}


def many_dense(series: int) -> dict[str, float]:
    """Wall time of a loop of SciPy's dense solver on the same series."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    old, new, _ = scenes(series)
    start, total = time.perf_counter(), 0.0
    for first in range(0, len(old), PER_SERIES):
        distance = cdist(old[first : first + PER_SERIES], new[first : first + PER_SERIES])
        total += float(distance[linear_sum_assignment(distance)].sum())
    return {"seconds": time.perf_counter() - start, "total_ang": total}


def one_mtui(size: int) -> dict[str, float]:
    """Wall time of the product on one large series."""
    old, new = scene(size, 0)
    hashes = np.repeat("hash", size)
    start = time.perf_counter()
    pairs = pair_particles(old, hashes, new, hashes)
    return {"seconds": time.perf_counter() - start, "total_ang": float(pairs.distance_ang.sum())}


def one_gated(size: int) -> dict[str, float]:
    """Wall time of the rule that gates first, on one large series."""
    old, new = scene(size, 0)
    hashes = np.repeat("hash", size)
    start = time.perf_counter()
    pairs = pair_particles_within(old, hashes, new, hashes, TOLERANCE_ANG)
    return {"seconds": time.perf_counter() - start, "pairs": float(len(pairs))}


def one_dense(size: int) -> dict[str, float]:
    """Wall time of the dense solver on one large series."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    old, new = scene(size, 0)
    start = time.perf_counter()
    distance = cdist(old, new)
    total = float(distance[linear_sum_assignment(distance)].sum())
    return {"seconds": time.perf_counter() - start, "total_ang": total}


def counting(pairs: int) -> dict[str, float]:
    """The slowest of 1,000 tolerance changes at so many pairs, and the histogram, both in ms."""
    distance = np.random.default_rng(0).exponential(20, pairs)
    index = np.arange(pairs)
    distances = sort_distances(Pairs(index, index, distance), pairs, pairs)
    times = []
    for tolerance in np.linspace(0, 200, 1000):
        start = time.perf_counter()
        distances.counts(float(tolerance)).kept(("both", "new"))
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    distances.histogram()
    return {"change_ms": 1e3 * max(times), "histogram_ms": 1e3 * (time.perf_counter() - start)}


TASKS: dict[str, Callable[[int], dict[str, float]]] = {
    task.__name__: task for task in (many_mtui, many_dense, one_mtui, one_gated, one_dense, counting)
}


def measure(task: str, size: int) -> dict[str, float]:
    """Run one task in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_matching", "--task", task, str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    listed = ", ".join(f"{name} {value:,.2f}" for name, value in answer.items())
    print(f"{task} {size:,}: {listed}", flush=True)
    return answer


def run_task(task: str, size: int) -> None:
    """Print a task's figures, with the peak memory of this process in MB."""
    answer = TASKS[task](size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({**answer, "peak_mb": peak}))


def compare(ours: dict[str, float], dense: dict[str, float], wanted: float) -> None:
    """Print how many times faster, and whether the totals are the same."""
    difference = abs(ours["total_ang"] - dense["total_ang"])
    ratio = dense["seconds"] / ours["seconds"]
    print(f"  {ratio:.1f} times as fast (wanted: {wanted:g}); totals differ by {difference:.1e} Å\n")


def main() -> None:
    """Measure everything, or one task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000, help="series of 1,000 + 1,000 particles")
    parser.add_argument("--size", type=int, default=20_000, help="particles a side in one series")
    parser.add_argument("--large", type=int, default=50_000, help="the same without the dense solver")
    parser.add_argument("--task", nargs=2, metavar=("NAME", "SIZE"), help="one measurement, in this process")
    arguments = parser.parse_args()
    if arguments.task:
        run_task(arguments.task[0], int(arguments.task[1]))
        return
    compare(measure("many_mtui", arguments.series), measure("many_dense", arguments.series), 3)
    compare(measure("one_mtui", arguments.size), measure("one_dense", arguments.size), 5)
    measure("one_mtui", arguments.large)
    measure("one_gated", arguments.large)
    measure("counting", 1_000_000)


if __name__ == "__main__":
    main()
