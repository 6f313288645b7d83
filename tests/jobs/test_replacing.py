"""Exports in the place of others: refused, or replaced as a whole."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest

from mtui.errors import InputError
from mtui.jobs import export
from mtui.jobs.preflight import check_start
from mtui.jobs.report import Stopped
from mtui.jobs.units import UnitRecord, append_unit
from mtui.model import export_plan
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import load_population
from mtui.model.versions import load_particles
from mtui.profiles.check import check_set
from tests.jobs.test_profiles import EVERY, plan_of, run
from tests.tiny import TinyProject, write_tiny

DUMMY = "dummy_tiltseries.mrc"


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 2)


def names(folder: Path) -> set[str]:
    """All files but the dummy, which all sets in a folder share."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found - {DUMMY}


def lose_series(project: TinyProject, name: str) -> None:
    """Take all particles of a series away."""
    particles = load_particles(load_population(project.population).find_species("apo 1"))
    kept = particles.select(np.flatnonzero(particles.source_name != name))
    write_m_particles(project.particles, kept)


@pytest.mark.parametrize("name, kind", EVERY)
def test_nothing_of_the_set_before_stays(tmp_path: Path, name: str, kind: str) -> None:
    """Whatever it was: other tables, images of series that are gone, averages."""
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),), particles=3)
    run(plan_of(project, name, output_kind="volumes" if kind == "none" else kind))
    lose_series(project, "TS_2.tomostar")
    for other in ("relion5", "relion3", "coordinates"):
        fresh = plan_of(project, other, output=tmp_path / other / "a.star")
        run(fresh)
        plan = plan_of(project, other, overwrite=True)
        with pytest.raises(InputError, match="of another export would be replaced"):
            check_start(replace(plan, settings=replace(plan.settings, overwrite=False)))
        check_start(plan)
        run(plan)
        assert names(tmp_path / "out") == names(tmp_path / other)
        assert not check_set(plan.output).findings


def test_another_export_is_not_mixed_with(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=3)
    first = plan_of(project, "relion5")
    run(first)
    with pytest.raises(
        InputError, match=r"7 files .*a\.star, .*a_tomograms\.star, .* and 4 more.*--overwrite"
    ):
        check_start(plan_of(project, "relion5", premultiply=False))
    particles = load_particles(load_population(project.population).find_species("apo 1"))
    write_m_particles(project.particles, particles.select([0, 1]))
    smaller = plan_of(project, "relion5", premultiply=False, overwrite=True)
    check_start(smaller)
    run(smaller)
    left = [path.name for path in sorted((tmp_path / "out").rglob("*A_0*.mrcs"))]
    assert left == ["TS_1_apo1_10.00A_000001.mrcs", "TS_1_apo1_10.00A_000002.mrcs"]
    assert not check_set(smaller.output).findings


def test_images_that_another_table_lists_are_not_replaced(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=2)
    run(plan_of(project, "relion5"))
    other = tmp_path / "out" / "b.star"
    others: list[tuple[str, dict[str, Any]]] = [("relion5", {"premultiply": False}), ("warp-series", {})]
    for name, options in others:
        with pytest.raises(InputError, match=r"a\.star goes with images that this export would replace"):
            check_start(plan_of(project, name, output=other, overwrite=True, **options))
    check_start(plan_of(project, "relion5", output=other, overwrite=True, angpix=Decimal(20)))
    check_start(plan_of(project, "coordinates", output=other))
    (tmp_path / "out" / "a.star").unlink()
    check_start(plan_of(project, "relion5", output=other, overwrite=True))


def test_old_tables_do_not_outlive_the_first_new_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_tiny(tmp_path, particles=3)
    run(plan_of(project, "relion5"))
    again = plan_of(project, "relion5", overwrite=True)
    stop = Flag()

    def append_and_stop(path: Path, record: UnitRecord) -> None:
        append_unit(path, record)
        stop.set()

    monkeypatch.setattr(export, "append_unit", append_and_stop)
    with pytest.raises(Stopped):
        run(again, stop=stop)
    assert not list((tmp_path / "out").glob("*.star"))


def test_two_species_and_pixels_share_a_folder(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=2)
    run(plan_of(project, "relion5"))
    other = plan_of(project, "relion5", angpix=Decimal(20), output=tmp_path / "out" / "b.star")
    check_start(other)
    run(other)
    assert not check_set(tmp_path / "out" / "a.star").findings
    assert not check_set(tmp_path / "out" / "b.star").findings


@pytest.mark.parametrize("name", ["relion3", "relion5", "warp-series"])
def test_images_without_a_table_go_too(tmp_path: Path, name: str) -> None:
    project = write_tiny(tmp_path, particles=3)
    plan = plan_of(project, name)
    run(plan)
    plan.output.unlink()
    particles = load_particles(load_population(project.population).find_species("apo 1"))
    write_m_particles(project.particles, particles.select([0, 1]))
    others = [plan.series[0].folder / f"TS_1_{rest}" for rest in ("other_0000009_10.00A.mrc", "notes.txt")]
    for path in others:
        path.write_text("kept")
    again, fresh = (
        plan_of(project, name, overwrite=True),
        plan_of(project, name, output=tmp_path / "b" / "a.star"),
    )
    run(again)
    run(fresh)
    kept = {path.relative_to(tmp_path / "out").as_posix() for path in others}
    assert names(tmp_path / "out") == names(tmp_path / "b") | kept
