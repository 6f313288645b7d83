"""An export writes M's files, in a fixed order, and goes on where it was interrupted to the same bytes."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest

from mtui.errors import WriteError
from mtui.formats import files
from mtui.formats.mrc import read_header, read_volume
from mtui.formats.star import read_star
from mtui.jobs import export, images
from mtui.jobs.events import read_events
from mtui.jobs.export import run_export
from mtui.jobs.progress import read_progress
from mtui.jobs.record import Job, create_job
from mtui.jobs.report import Outcome, Reporter, Stopped
from mtui.jobs.units import UnitRecord, append_unit, read_units
from mtui.model import export_plan
from mtui.model.export_plan import plan_export
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import load_population
from mtui.model.series_writer import save_tilt_series
from mtui.model.tilt_series import load_tilt_series
from mtui.model.versions import load_particles
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 2)


def settings_of(project: TinyProject, **change: Any) -> ExportSettings:
    return ExportSettings(project.population, "apo 1", project.folder / "out" / "a.star", box=8, **change)


def new_job(project: TinyProject, **change: Any) -> Job:
    return create_job(settings_of(project, **change), time.time())


def run(job: Job, project: TinyProject, stop: Flag | None = None, **change: Any) -> Outcome:
    plan = plan_export(load_population(project.population), settings_of(project, **change))
    return run_export(plan, Reporter(job), stop or Flag())


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def table_of(project: TinyProject) -> dict[str, list[str]]:
    columns = read_star(project.folder / "out" / "a.star", numeric=lambda name: False)[""].columns
    return {name: values.tolist() for name, values in columns.items()}


def test_all_files_are_there_and_in_order(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_2", "TS_1"),), particles=3)
    job = new_job(project)
    outcome = run(job, project)
    assert outcome == Outcome(6, 0, f"Wrote 6 particles of 2 series to {tmp_path}/out/a.star.")
    written = tree(tmp_path / "out")
    assert len(written) == 2 * 6 + 2 + 1
    table = table_of(project)
    assert [name in written for name in table["rlnImageName"] + table["rlnCtfImage"]] == [True] * 12
    assert table["rlnMicrographName"] == ["TS_2.tomostar"] * 3 + ["TS_1.tomostar"] * 3
    progress = read_progress(job.events_path, time.time())
    assert (progress.done_particles, progress.done_series, progress.done_units) == (6, 2, 4)
    assert progress.fraction == 1.0
    assert not list(tmp_path.rglob("*.tmp"))


def test_images_have_ms_shapes_and_pixel(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    run(new_job(project), project, angpix=Decimal(20))
    folder = tmp_path / "out" / "subtomo" / "TS_1"
    volume = read_header(folder / "TS_1_apo1_0000000_20.00A.mrc")
    ctf = read_header(folder / "TS_1_apo1_0000000_ctf_20.00A.mrc")
    assert (volume.size_px, ctf.size_px) == ((8, 8, 8), (5, 8, 8))
    assert (volume.mode, ctf.mode) == (12, 12)
    assert volume.angpix == ctf.angpix == 20.0


def test_the_average_is_the_mean_of_the_volumes(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=3)
    run(new_job(project), project)
    folder = tmp_path / "out" / "subtomo" / "TS_1"
    volumes = [read_volume(folder / f"TS_1_apo1_{index:07d}_10.00A.mrc") for index in range(3)]
    average = read_volume(folder / "TS_1_apo1_10.00A_average.mrc")
    np.testing.assert_allclose(average, np.mean(volumes, axis=0), atol=2e-3)
    assert np.std(volumes[0]) > 0.5


def test_a_broken_series_is_skipped_with_its_reason(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2", "TS_3"),), particles=3)
    project.average("TS_2", 1).unlink()
    job = new_job(project)
    outcome = run(job, project)
    assert (outcome.particles, outcome.skipped) == (6, 1)
    assert outcome.text.endswith("a.star; 1 series skipped (3 particles).")
    assert set(table_of(project)["rlnMicrographName"]) == {"TS_1.tomostar", "TS_3.tomostar"}
    problems = read_progress(job.events_path, time.time()).problems
    assert [(event.series, event.particles) for event in problems] == [("TS_2", 3)]
    assert "TS_2_1.mrc" in problems[0].text


def test_no_table_without_particles(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    project.average("TS_1", 1).unlink()
    outcome = run(new_job(project), project)
    assert (outcome.particles, outcome.skipped) == (0, 1)
    assert "TS_1_1.mrc" in outcome.text
    assert not (tmp_path / "out" / "a.star").exists()


def test_a_stopped_job_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = write_tiny(tmp_path / "whole", particles=5), write_tiny(tmp_path / "parts", particles=5)
    run(new_job(whole), whole)
    stop = Flag()

    def append_and_stop(path: Path, record: UnitRecord) -> None:
        append_unit(path, record)
        stop.set()

    monkeypatch.setattr(export, "append_unit", append_and_stop)
    job = new_job(parts)
    with pytest.raises(Stopped):
        run(job, parts, stop)
    assert list(read_units(job.units_path)) == [0]
    assert not (parts.folder / "out" / "a.star").exists()
    before = {path: path.stat().st_mtime_ns for path in (parts.folder / "out").rglob("*0000001*")}
    stop.clear()
    monkeypatch.undo()
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 2)
    run(job, parts)
    assert tree(parts.folder / "out") == tree(whole.folder / "out")
    assert {path: path.stat().st_mtime_ns for path in before} == before, "finished units are kept"
    kinds = [event.kind for event in read_events(job.events_path)[0]]
    assert kinds.count("kept") == 1


def test_a_unit_whose_files_vanished_is_made_again(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=3)
    job = new_job(project)
    run(job, project)
    before = tree(tmp_path / "out")
    (tmp_path / "out" / "subtomo" / "TS_1" / "TS_1_apo1_0000001_10.00A.mrc").unlink()
    run(job, project)
    assert tree(tmp_path / "out") == before


def test_a_full_disk_stops_the_job_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_tiny(tmp_path, particles=5)
    job = new_job(project)
    faults: list[int] = []
    append = files.append_chunk

    def fill_up(stream: Any, chunk: Any) -> None:
        if "0000003" in str(stream.name):
            stream.write(bytes(chunk)[:100])
            faults.append(len(chunk))
            raise OSError(28, "No space left on device")
        append(stream, chunk)

    monkeypatch.setattr(files, "append_chunk", fill_up)
    with pytest.raises(
        WriteError, match=r"0000003_.*10\.00A\.mrc could not be written: No space left on device"
    ):
        run(job, project)
    assert faults
    assert not list(tmp_path.rglob("*.tmp"))
    assert not list((tmp_path / "out").rglob("*0000003*"))
    assert not (tmp_path / "out" / "a.star").exists()
    monkeypatch.setattr(files, "append_chunk", append)
    assert run(job, project).particles == 5


def test_values_too_large_for_half_precision_are_averaged_as_written(tmp_path: Path) -> None:
    total = images.RunningSum(np.zeros((2, 2, 2)))
    volumes = np.stack([np.full((2, 2, 2), 1e5, np.float32), np.full((2, 2, 2), 0.1, np.float32)])
    total.add(volumes)
    assert total.mean[0, 0, 0] == pytest.approx((1e5 + float(np.float16(0.1))) / 2, rel=1e-7)


@pytest.mark.parametrize("tilts", [1, 2])
def test_few_tilts_work(tmp_path: Path, tilts: int) -> None:
    project = write_tiny(tmp_path, tilts=tilts)
    assert run(new_job(project), project).particles == 3
    volume = read_volume(tmp_path / "out" / "subtomo" / "TS_1" / "TS_1_apo1_0000000_10.00A.mrc")
    assert np.isfinite(volume).all()


def test_equal_doses_work(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, keys=3)
    series = load_tilt_series(project.xml("TS_1"))
    save_tilt_series(replace(series, geometry=replace(series.geometry, dose=np.full(3, 5.0))))
    assert run(new_job(project), project).particles == 3
    volume = read_volume(tmp_path / "out" / "subtomo" / "TS_1" / "TS_1_apo1_0000000_10.00A.mrc")
    assert np.isfinite(volume).all()
    table = table_of(project)
    # Without a spread of doses every tilt is at the first key frame.
    first = load_particles(load_population(project.population).find_species("apo1")).positions_ang[:, 0, 0]
    assert table["rlnCoordinateX"] == [f"{x / 10:.5f}" for x in first.tolist()]


def test_particles_outside_the_images_are_mentioned(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    species = load_population(project.population).find_species("apo1")
    particles = load_particles(species)
    far = particles.positions_ang.copy()
    far[0, :, 0] = 5000.0
    write_m_particles(project.particles, replace(particles, positions_ang=far))
    job = new_job(project)
    assert run(job, project).particles == 3
    warnings = read_progress(job.events_path, time.time()).warnings
    assert any(text.startswith("1 particle lies outside the image") for text in warnings)
