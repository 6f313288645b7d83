"""A plan fills in the defaults, groups particles by series and refuses what cannot work."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtui.errors import InputError, ModelError
from mtui.model.export_plan import UNIT_PARTICLES, ExportPlan, load_export_inputs, plan_export
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import SeriesRef, load_population
from mtui.model.source import DataSource, SourceFile, load_source, save_source
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, make_particles, write_tiny


def settings_for(project: TinyProject, **change: Any) -> ExportSettings:
    output = project.folder / "out" / "a.star"
    return ExportSettings(project.population, "apo1", change.pop("output", output), **{"box": 8, **change})


def plan_of(project: TinyProject, **change: Any) -> ExportPlan:
    return plan_export(load_population(project.population, strict=False), settings_for(project, **change))


def test_series_come_in_the_order_of_the_sources(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_2", "TS_1"), ("TS_9",)), particles=2, homeless=3)
    plan = plan_of(project)
    assert [series.ref.root for series in plan.series] == ["TS_2", "TS_1", "TS_9"]
    assert [series.rows.tolist() for series in plan.series] == [[0, 3], [1, 4], [2, 5]]
    assert (plan.n_particles, plan.left_out) == (6, 3)
    assert any(
        "3 particles are left out" in warning and "lost.tomostar" in warning for warning in plan.warnings
    )
    assert plan.n_files == 2 * 6 + 3 + 1


def test_bytes_are_those_of_the_files(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path, particles=2), box=10)
    volume, ctf = 1024 + 2 * 10**3, 1024 + 2 * 10 * 10 * 6
    images = 2 * (volume + ctf) + volume
    assert images < plan.n_bytes < images + 2 * 400


def test_defaults_come_from_the_species(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path), box=None)
    assert (plan.angpix, plan.box_px, plan.diameter_ang) == (Decimal(10), 8, 40)


def test_units_are_slices_of_fixed_size_numbered_through(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),), particles=UNIT_PARTICLES + 2)
    plan = plan_of(project)
    found = [(unit.number, unit.start, unit.stop) for series in plan.series for unit in series.units]
    last = UNIT_PARTICLES + 2
    assert found == [(0, 0, 64), (1, 64, last), (2, 0, 64), (3, 64, last)]
    assert plan.n_units == 4


def test_inputs_serve_many_settings(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    population = load_population(project.population)
    inputs = load_export_inputs(population, "apo 1")
    project.particles.unlink()
    plans = [plan_export(population, settings_for(project, box=box), inputs) for box in (8, 12)]
    assert [plan.box_px for plan in plans] == [8, 12]
    assert all(plan.particles is inputs.particles for plan in plans)


@pytest.mark.parametrize(
    ("frame_limit", "first_tilts", "limit"),
    [(-1, None, None), (2, None, None), (-1, 3, 3), (0, 3, 3), (2, 3, 2), (5, 3, 3)],
)
def test_a_sources_limit_counts_with_the_users(
    tmp_path: Path, frame_limit: int, first_tilts: int | None, limit: int | None
) -> None:
    project = write_tiny(tmp_path)
    save_source(replace(load_source(project.sources[0]), frame_limit=frame_limit))
    plan = plan_of(project, first_tilts=first_tilts)
    assert plan.tilt_limit(plan.series[0].ref.source) == limit


@pytest.mark.parametrize("images_dir", [None, "source", "relative"])
def test_images_go_where_they_should(
    tmp_path: Path, images_dir: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    folder = plan_of(project, images_dir=images_dir).series[0].folder
    base = {None: tmp_path / "out", "source": tmp_path / "tilts0", "relative": tmp_path / "relative"}[
        images_dir
    ]
    assert folder == base / "subtomo" / "TS_1"


def test_two_series_of_one_name_are_told_apart_by_their_sources(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1",), ("TS_1",)))
    with pytest.raises(InputError, match=r"TS_1 of the sources 'source0' and 'source1'.*--images-dir source"):
        plan_of(project)
    assert len(plan_of(project, images_dir="source").series) == 2


def test_a_series_in_two_sources_is_exported_once(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1",), ("TS_2",)))
    second = load_source(project.sources[1])
    save_source(replace(second, files=(*second.files, SourceFile("hash0TS_1", "TS_1.tomostar"))))
    plan = plan_of(project)
    assert [series.ref.root for series in plan.series] == ["TS_1", "TS_2"]
    assert any("TS_1.tomostar is in the sources 'source0' and 'source1'" in text for text in plan.warnings)


def test_blanks_in_the_table_are_refused(tmp_path: Path) -> None:
    project = write_tiny(tmp_path / "a b")
    assert plan_of(project).n_particles == 3, "a blank above the table does not stand in it"
    with pytest.raises(InputError, match=r"has a blank in it.*symbolic link"):
        plan_of(project, images_dir=str(tmp_path / "c d"))


def test_an_output_finer_than_the_averages_is_refused(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    with pytest.raises(
        ModelError, match=r"pixel of 9.9 Å is below .* 10.0000 Å in source 'source0'.*--angpix 10.0000"
    ):
        plan_of(project, angpix=Decimal("9.9"))
    assert plan_of(project, angpix=Decimal("9.9999")).n_particles == 3


def test_raw_movies_that_are_gone_are_mentioned_once(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"), ("TS_3",)))
    gone = [warning for warning in plan_of(project).warnings if "Raw movies are gone" in warning]
    assert len(gone) == 1
    assert "source0, source1" in gone[0]


def test_a_particle_that_fills_the_box_cannot_be_normalised(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    with pytest.raises(
        InputError, match=r"140 Å \(7 px radius\) fills the box of 8 px.*--no-normalize-output"
    ):
        plan_of(project, diameter=140)
    assert plan_of(project, diameter=140, normalize_output=False).n_particles == 3


def test_a_box_below_the_diameter_is_a_warning(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    assert (
        "The box, 80 Å, is smaller than the particle's diameter, 90 Å."
        in plan_of(project, diameter=90).warnings
    )


def test_frame_series_are_refused(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    source = load_source(project.sources[0])
    save_source(replace(source, files=(SourceFile(source.files[0].hash, "movie_1.tif"),)))
    with pytest.raises(ModelError, match=r"movie_1.tif; export is not supported for frame series"):
        plan_of(project)


def test_particles_of_no_source_are_refused(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    write_m_particles(project.particles, make_particles(["gone"] * 2, ["TS_7.tomostar"] * 2))
    with pytest.raises(InputError, match=r"None of the 2 particles .* TS_7.tomostar\. Add the source"):
        plan_of(project)


def test_a_broken_source_is_not_passed_over(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1",), ("TS_2",)))
    project.sources[1].unlink()
    with pytest.raises(ModelError, match=r"source1.source, which does not exist"):
        plan_of(project)


def test_series_references_can_be_remembered() -> None:
    def source() -> DataSource:
        files = (SourceFile("h", "n.tomostar"),)
        size = (Decimal(1), Decimal(1), Decimal(1))
        return DataSource(Path("a.source"), "g", "n", "", "", False, Decimal(1), size, -1, files, b"<x/>")

    assert hash(SeriesRef(source(), "h", "n.tomostar")) == hash(SeriesRef(source(), "h", "n.tomostar"))


def test_rows_follow_the_table_within_a_series(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),), particles=4)
    plan = plan_of(project)
    for series in plan.series:
        assert np.all(np.diff(series.rows) > 0)
        assert set(plan.particles.source_hash[series.rows]) == {series.ref.hash}


def test_other_populations_are_not_touched(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    plan_of(project)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
