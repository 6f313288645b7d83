"""Which libraries are loaded when: looked up in a fresh process, where nothing can hide."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "mtui"
HEAVY = (
    "jax",
    "textual",
    "dask",
    "distributed",
    "scipy",
    "pandas",
    "starfile",
    "mrcfile",
    "plotext",
    "numpy",
)


def loaded_by(code: str) -> set[str]:
    """Names of the top-level packages in sys.modules after running some code."""
    show = "import sys; print('MODULES', *sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, timeout=120, check=True
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())


def test_help_loads_the_standard_library_only() -> None:
    code = (
        "from mtui.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "try: main(['export', '--help'])\nexcept SystemExit: pass"
    )
    assert loaded_by(code).isdisjoint(HEAVY)


def test_a_wrong_command_line_loads_the_standard_library_only() -> None:
    assert loaded_by("from mtui.cli.main import main\nassert main(['export', 'p']) == 2").isdisjoint(HEAVY)


def test_what_the_app_shows_first_needs_no_heavy_library() -> None:
    code = (
        "import mtui.model.population, mtui.model.source, mtui.model.species, mtui.model.versions\n"
        "import mtui.model.export_plan, mtui.jobs.start, mtui.jobs.progress, mtui.jobs.record"
    )
    assert loaded_by(code).isdisjoint(
        {"jax", "pandas", "scipy", "plotext", "starfile", "mrcfile", "dask", "textual"}
    )


def test_loading_a_population_needs_no_heavy_library(shared: Path) -> None:
    population = shared / "data" / "empiar10499" / "mpneumoniae.population"
    code = (
        "from pathlib import Path\n"
        "from mtui.model.population import load_population\n"
        "from mtui.model.species import count_particles\n"
        f"population = load_population(Path({str(population)!r}))\n"
        "assert [count_particles(species) for species in population.valid_species] == [200, 60]"
    )
    assert loaded_by(code).isdisjoint({"jax", "pandas", "scipy", "plotext", "starfile", "mrcfile"})


@pytest.mark.parametrize(
    "name", ["jobs.start", "jobs.record", "jobs.progress", "cli.export", "matching.intersect"]
)
def test_only_the_worker_reaches_the_engine(name: str) -> None:
    assert "jax" not in loaded_by(f"import mtui.{name}")


@pytest.mark.parametrize("name", ["jobs.worker", "engine.export_unit", "matching.intersect", "demo.tour"])
def test_work_needs_no_terminal_library(name: str) -> None:
    assert loaded_by(f"import mtui.{name}").isdisjoint({"textual", "plotext", "rich"})
