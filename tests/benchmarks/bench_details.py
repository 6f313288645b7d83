"""What the pages of a species' details cost: time and peak memory of the child process that computes them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from mtui.formats.mrc import write_mrc
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import load_population
from mtui.model.source import DataSource
from mtui.model.species import Species, save_species
from mtui.tui.child import module_command
from tests.tui.project import make_particles, write_project

BOXES_PX = (128, 256, 512)
COUNTS = (100_000, 1_000_000)


def main() -> None:
    """Print a table of both."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_details", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smaller sizes only")
    last = -1 if parser.parse_args().quick else None
    print("| page | size | seconds | peak memory |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        path = write_project(Path(folder) / "project")
        species = load_population(path).valid_species[0]
        for box in BOXES_PX[:last]:
            elsewhere(write_maps, species, box)
            for kind, title in (("resolution", "resolution"), ("slices", "map and mask")):
                print(f"| {title} | box {box} | {cost(kind, species)} |", flush=True)
        sources = load_population(path).valid_sources
        for count in COUNTS[:last]:
            elsewhere(write_particles, species, sources, count)
            print(f"| particles | {count:,} particles | {cost('poses', species)} |", flush=True)


def elsewhere(work: Callable[..., None], *words: object) -> None:
    """Do it in a process of its own: a child's peak memory counts from that of the process that starts it."""
    process = get_context("spawn").Process(target=work, args=words)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit("the data could not be written")


def write_particles(species: Species, sources: tuple[DataSource, ...], count: int) -> None:
    """A particle table of so many rows."""
    write_m_particles(species.particles_path, make_particles(count, sources))


def write_maps(species: Species, box: int) -> None:
    """Half maps of a smooth sphere and noise, and a mask, as float32."""
    save_species(species)
    generator = np.random.default_rng(box)
    axis = np.arange(box, dtype=np.float32) - box // 2
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    sphere = np.clip(box / 4 + 4 - radius, 0, 1)
    for kind in ("half1", "half2"):
        noise = generator.standard_normal((box, box, box), dtype=np.float32)
        write_mrc(species.map_path(kind), sphere + noise, 1.0, half=False)
    write_mrc(species.map_path("mask"), sphere, 1.0, half=False)


def cost(kind: str, species: Species) -> str:
    """Seconds from start to end of the child, and its largest resident set."""
    before = time.perf_counter()
    command = module_command("mtui.tui.viewer", kind, str(species.path))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{kind}: the child failed")
    return f"{time.perf_counter() - before:.1f} | {usage.ru_maxrss / 1024:,.0f} MB"


if __name__ == "__main__":
    main()
