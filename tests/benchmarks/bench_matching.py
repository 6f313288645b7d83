"""Times and memory of the matching beside SciPy's dense solver, in one run.

``python -m tests.benchmarks.bench_matching`` does all; ``--quick`` takes small sets, and ``--series``,
``--size``, ``--large`` and ``--command`` choose. Every measurement has a process of its own, so that its peak
memory can be told. ``change_ms`` is the slowest of many answers to another tolerance: counts, and the bins of
the histogram as the app draws them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.matching.gated import pair_particles_within
from mtui.matching.pairs import Pairs, pair_particles
from mtui.matching.sets import sort_distances
from mtui.tui.comparison import Comparison
from tests.benchmarks.matching_project import PER_SERIES, write_project
from tests.matching.scenes import make_scene

Floats = NDArray[np.float64]
TOLERANCE_ANG = 10.0
COLUMNS = 240
"""Bins of the histogram in a wide terminal."""


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
    """The slowest and the median of 200 tolerance changes at so many pairs, in ms: counts and bins."""
    distance = np.random.default_rng(0).exponential(20, pairs)
    index = np.arange(pairs)
    start = time.perf_counter()
    distances = sort_distances(Pairs(index, index, distance), pairs, pairs)
    comparison = Comparison(distances.sorted_ang, pairs, pairs, pairs)
    loading_s = time.perf_counter() - start
    times = []
    for tolerance in np.linspace(1, 200, 200):
        start = time.perf_counter()
        comparison.counts(float(tolerance)).kept(("both", "new"))
        comparison.histogram(COLUMNS, comparison.largest_ang)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    distances.histogram()
    return {
        "sort_ms": 1e3 * loading_s,
        "change_ms": 1e3 * max(times),
        "median_ms": 1e3 * sorted(times)[len(times) // 2],
        "histogram_of_m_ms": 1e3 * (time.perf_counter() - start),
    }


def command(particles: int) -> dict[str, float]:
    """Wall time of a whole ``mtui intersect`` of as many old and new particles, up to the new version."""
    with tempfile.TemporaryDirectory() as folder:
        population, new = write_project(Path(folder) / "project", particles, scene)
        words = ["-m", "mtui", "intersect", str(population), "large", "--m-star", str(new), "--keep", "both"]
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=sys.stderr)
        return {"seconds": time.perf_counter() - start}


TASKS: dict[str, Callable[[int], dict[str, float]]] = {
    task.__name__: task for task in (many_mtui, many_dense, one_mtui, one_gated, one_dense, counting, command)
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
    """Print a task's figures, processor time of all its processes, and peak memory of the largest in MB.

    Processor time includes making the scene.
    """
    answer = TASKS[task](size)
    used = [resource.getrusage(user) for user in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    peak = max(entry.ru_maxrss for entry in used) / 1000
    cpu_s = sum(entry.ru_utime + entry.ru_stime for entry in used)
    print(json.dumps({**answer, "cpu_s": cpu_s, "peak_mb": peak}))


def compare(ours: dict[str, float], dense: dict[str, float], wanted: float) -> None:
    """Print how many times faster, and whether the totals are the same."""
    difference = abs(ours["total_ang"] - dense["total_ang"])
    ratio = dense["seconds"] / ours["seconds"]
    print(f"  {ratio:.1f} times as fast (wanted: {wanted:g}); totals differ by {difference:.1e} Å\n")


def main() -> None:
    """Measure everything, or one task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sets: a minute instead of ten")
    parser.add_argument("--series", type=int, help="series of 1,000 + 1,000 particles [1,000]")
    parser.add_argument("--size", type=int, help="particles a side in one series [20,000]")
    parser.add_argument("--large", type=int, help="the same without the dense solver [50,000]")
    parser.add_argument("--command", type=int, help="particles a side for the whole command [1,000,000]")
    parser.add_argument("--task", nargs=2, metavar=("NAME", "SIZE"), help="one measurement, in this process")
    arguments = parser.parse_args()
    if arguments.task:
        run_task(arguments.task[0], int(arguments.task[1]))
        return
    usual = (40, 3_000, 6_000, 20_000) if arguments.quick else (1000, 20_000, 50_000, 1_000_000)
    asked = (arguments.series, arguments.size, arguments.large, arguments.command)
    series, size, large, whole = (one or other for one, other in zip(asked, usual, strict=True))
    compare(measure("many_mtui", series), measure("many_dense", series), 3)
    compare(measure("one_mtui", size), measure("one_dense", size), 5)
    measure("one_mtui", large)
    measure("one_gated", large)
    measure("counting", 1_000_000)
    measure("command", whole)


if __name__ == "__main__":
    main()
