"""Exports in every profile: files, tables and images agree, and the check at the end finds nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from typing import Any

import mrcfile
import numpy as np
import pytest
import starfile

from mtui.errors import InputError
from mtui.formats.mrc import read_header, read_volume
from mtui.formats.star import read_star
from mtui.jobs import export, stack_work
from mtui.jobs.export import run_export
from mtui.jobs.progress import read_progress
from mtui.jobs.record import Job, create_job
from mtui.jobs.report import Outcome, Reporter, Stopped
from mtui.jobs.units import UnitRecord, append_unit
from mtui.model import export_plan
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import load_population
from mtui.model.series_writer import save_tilt_series
from mtui.model.tilt_series import load_tilt_series
from mtui.model.versions import load_particles
from mtui.profiles.check import check_set
from mtui.profiles.registry import PROFILES
from mtui.settings import ExportSettings
from mtui.settings.outputs import KINDS_OF_PROFILE, usual_kind
from tests.tiny import TinyProject, write_tiny

EVERY = [(name, kind) for name, kinds in KINDS_OF_PROFILE.items() for kind in kinds]


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 2)


def plan_of(project: TinyProject, profile: str, **options: Any) -> ExportPlan:
    options.setdefault("output_kind", usual_kind(profile))
    options.setdefault("output", project.folder / "out" / "a.star")
    settings = ExportSettings(project.population, "apo 1", box=8, profile=profile, **options)
    return plan_export(load_population(project.population), settings)


def new_job(plan: ExportPlan) -> Job:
    return create_job(plan.settings, time.time())


def run(plan: ExportPlan, job: Job | None = None, stop: Flag | None = None) -> Outcome:
    return run_export(plan, Reporter(job or new_job(plan)), stop or Flag())


def warnings_of(job: Job) -> tuple[str, ...]:
    return read_progress(job.events_path, time.time()).warnings


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def move_far(project: TinyProject, row: int, x_ang: float) -> None:
    """Move one particle to another x."""
    particles = load_particles(load_population(project.population).find_species("apo 1"))
    positions = particles.positions_ang.copy()
    positions[row, :, 0] = x_ang
    write_m_particles(project.particles, replace(particles, positions_ang=positions))


def test_both_rooms_know_the_same_profiles() -> None:
    assert {name: profile.kinds for name, profile in PROFILES.items()} == KINDS_OF_PROFILE


@pytest.mark.parametrize("name, kind", EVERY)
def test_every_profile_is_complete_and_sound(tmp_path: Path, name: str, kind: str) -> None:
    project = write_tiny(tmp_path, (("TS_2", "TS_1"),), particles=3)
    plan = plan_of(project, name, output_kind="volumes" if kind == "none" else kind)
    job = new_job(plan)
    outcome = run(plan, job)
    assert (outcome.particles, outcome.skipped) == (6, 0)
    assert not [text for text in warnings_of(job) if not text.startswith("Raw movies are gone")]
    files = tree(tmp_path / "out")
    assert len(files) == plan.n_files
    assert sum(map(len, files.values())) <= plan.n_bytes + 4096
    report = check_set(plan.output, deep=True)
    assert report.profile == name
    assert report.findings == ()


@pytest.mark.parametrize("name, kind", EVERY)
def test_other_peoples_readers_accept_the_files(tmp_path: Path, name: str, kind: str) -> None:
    project = write_tiny(tmp_path, particles=2)
    run(plan_of(project, name, output_kind="volumes" if kind == "none" else kind))
    for star in (tmp_path / "out").glob("*.star"):
        for block, table in starfile.read(star, always_dict=True).items():
            ours = read_star(star, numeric=lambda column: False)[block]
            assert list(table) == list(ours.columns)
            assert len(table) == (len(ours.columns) if ours.is_list else len(ours))
    for image in (tmp_path / "out").rglob("*.mrc*"):
        with mrcfile.open(image, permissive=False) as file:
            assert np.isfinite(file.data).all()
        assert mrcfile.validate(image)


@pytest.mark.parametrize("name", ["relion5", "warp-series"])
def test_float32_images(tmp_path: Path, name: str) -> None:
    project = write_tiny(tmp_path, particles=2)
    run(plan_of(project, name, float32=True))
    assert {read_header(path).mode for path in (tmp_path / "out").rglob("*.mrcs")} == {2}


def test_premultiplied_by_default_for_relion_5_alone(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=2)
    folder = Path("particleseries") / "TS_1"
    stacks = {}
    for place, (name, options) in {
        "premultiplied": ("relion5", {}),
        "raw": ("relion5", {"premultiply": False}),
        "classic": ("warp-series", {}),
    }.items():
        plan = plan_of(project, name, output=tmp_path / place / "a.star", float32=True, **options)
        run(plan)
        stacks[place] = read_volume(
            next(p for p in sorted((tmp_path / place / folder).iterdir()) if "average" not in p.name)
        )
        if name == "relion5":
            flag = read_star(plan.output)["optics"].texts("rlnCtfDataAreCtfPremultiplied")[0]
            assert flag == str(int(place == "premultiplied"))
    # The tiny project's second tilt was exposed first.
    np.testing.assert_array_equal(stacks["classic"][0], stacks["raw"][1])
    assert np.abs(stacks["raw"] - stacks["premultiplied"]).max() > 0.1


@pytest.mark.parametrize("name", ["relion5", "warp-series", "coordinates"])
def test_a_stopped_job_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole, parts = (plan_of(write_tiny(tmp_path / part, particles=5), name) for part in ("whole", "parts"))
    run(whole)
    stop = Flag()

    def append_and_stop(path: Path, record: UnitRecord) -> None:
        append_unit(path, record)
        stop.set()

    monkeypatch.setattr(export, "append_unit", append_and_stop)
    job = new_job(parts)
    with pytest.raises(Stopped):
        run(parts, job, stop)
    assert not parts.output.exists()
    monkeypatch.setattr(export, "append_unit", append_unit)
    run(parts, job)
    assert tree(parts.output.parent) == tree(whole.output.parent)


def test_average_stacks_are_means_of_the_stacks(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=3)
    run(plan_of(project, "relion5", float32=True))
    folder = tmp_path / "out" / "particleseries" / "TS_1"
    stacks = [read_volume(folder / f"TS_1_apo1_10.00A_{number:06d}.mrcs") for number in (1, 2, 3)]
    average = read_volume(folder / "TS_1_apo1_10.00A_average.mrcs")
    np.testing.assert_allclose(average, np.mean(stacks, axis=0), atol=1e-6)


@pytest.mark.parametrize(
    "rule, depths, remark",
    [
        ("visible", [2, 3, 3, 3, 3], "1 particle is left out, because no tilt"),
        ("full", [3, 3, 3, 3, 3], "1 stack has tilts that do not show the whole particle"),
        ("drop-partial", [3, 3, 3, 3], "2 particles are left out, because not every tilt"),
    ],
)
def test_particles_at_the_edge(tmp_path: Path, rule: str, depths: list[int], remark: str) -> None:
    project = write_tiny(tmp_path, particles=6)
    move_far(project, 0, 305.0)  # too close to the edge, except where the tilt foreshortens
    move_far(project, 1, 2000.0)
    plan = plan_of(project, "relion5", stack=rule)
    job = new_job(plan)
    outcome = run(plan, job)
    found = sorted(read_header(path).size_px[2] for path in (tmp_path / "out").rglob("*A_0*.mrcs"))
    assert found == depths
    rows = read_star(plan.output)["particles"]
    assert len(rows) == outcome.particles == len(depths)
    flags = rows.texts("rlnTomoVisibleFrames").tolist()
    assert sorted(cell.count("1") for cell in flags) == ([2, 3, 3, 3, 3] if rule == "full" else depths)
    assert remark in " ".join(warnings_of(job))
    assert not check_set(plan.output).errors


def test_a_unit_may_lose_all_of_its_particles(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=4)
    for row in (0, 1):  # the first unit, which describes the series
        move_far(project, row, 2000.0)
    plan = plan_of(project, "relion5")
    assert run(plan).particles == 2
    assert not check_set(plan.output).findings


def test_images_need_not_be_made_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_tiny(tmp_path, particles=5)
    move_far(project, 0, 305.0)
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 64)
    whole, parts = (
        plan_of(project, "relion5", output=tmp_path / name / "a.star") for name in ("whole", "parts")
    )
    run(whole)
    monkeypatch.setattr(stack_work, "MOST_PIXELS", 6 * 8 * 8)
    run(parts)
    assert tree(whole.output.parent) == tree(parts.output.parent)


def test_neighbours_are_taken_together_up_to_a_size() -> None:
    def taken(sizes: list[int], limit: int) -> list[list[int]]:
        return [sizes[part] for part in stack_work.split_by_size(sizes, limit)]

    assert taken([2, 3, 1, 9, 4, 1], 5) == [[2, 3], [1], [9], [4, 1]]
    assert taken([7], 0) == [[7]]
    assert taken([], 5) == []


def test_deselected_tilts_are_in_no_stack(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=2)
    series = load_tilt_series(project.xml("TS_1"))
    use = np.array([True, False, True])
    save_tilt_series(replace(series, geometry=replace(series.geometry, use_tilt=use)))
    for name in ("relion5", "warp-series"):
        plan = plan_of(project, name, output=tmp_path / name / "a.star")
        run(plan)
        depths = {read_header(path).size_px[2] for path in plan.output.parent.rglob("*.mrcs")}
        assert depths == {2}
        assert not check_set(plan.output).findings


def test_the_first_tilts_are_those_of_lowest_dose(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=2)
    plan = plan_of(project, "warp-series", first_tilts=1)
    run(plan)
    table = read_star(plan.output)[""]
    assert table.texts("rlnMicrographName").tolist() == ["TS_1_1.mrc"] * 2


def test_no_tilt_at_all_is_the_end_of_a_series(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),), particles=2)
    series = load_tilt_series(project.xml("TS_1"))
    save_tilt_series(replace(series, geometry=replace(series.geometry, use_tilt=np.zeros(3, np.bool_))))
    outcome = run(plan_of(project, "relion5"))
    assert (outcome.particles, outcome.skipped) == (2, 1)


@pytest.mark.parametrize("base", ["star", "cwd", "folder"])
def test_paths_start_where_the_user_wants(tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_tiny(tmp_path / "run_1.5A", particles=2)
    monkeypatch.chdir(tmp_path)
    rule = {"star": "star", "cwd": "cwd", "folder": str(tmp_path / "elsewhere")}[base]
    (tmp_path / "elsewhere").mkdir()
    plan = plan_of(project, "relion5", path_base=rule)
    outcome = run(plan)
    assert outcome.skipped == 0
    name = read_star(plan.output)["particles"].texts("rlnImageName")[0]
    start = {"star": "", "cwd": "run_1.5A/out/", "folder": "../run_1.5A/out/"}[base]
    assert name == f"{start}particleseries/TS_1/TS_1_apo1_10.00A_000001.mrcs"
    members = read_star(plan.output.with_name("a_optimisation_set.star"))[""]
    assert members.texts("rlnTomoParticlesFile")[0] == f"{start}a.star"
    assert outcome.text.endswith(f"Start RELION in {plan.base}.")


@pytest.mark.parametrize("hand", ["auto", "warptools", "+1", "-1"])
def test_the_hand_is_written_and_said(tmp_path: Path, hand: str) -> None:
    project = write_tiny(tmp_path, particles=2)
    plan = plan_of(project, "relion5", hand=hand)
    outcome = run(plan)
    value = {"auto": 1.0, "warptools": -1.0, "+1": 1.0, "-1": -1.0}[hand]
    listed = read_star(plan.output.with_name("a_tomograms.star"))["global"]
    assert listed.numbers("rlnTomoHand").tolist() == [value]
    assert f"Defocus hand: {value:+.0f} in 1 series" in outcome.text


def test_averages_have_the_order_of_the_stacks(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=1)
    run(plan_of(project, "warp-series", float32=True))
    stack, average = sorted((tmp_path / "out" / "particleseries" / "TS_1").iterdir())
    assert average.name == "TS_1_apo1_10.00A_average.mrcs"
    np.testing.assert_array_equal(read_volume(stack), read_volume(average))


def test_series_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1",), ("TS_1",)))
    with pytest.raises(InputError, match=r"Two tilt series are called TS_1\.tomostar"):
        plan_of(project, "relion5", images_dir="source")


def test_coordinates_need_no_images(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, particles=2)
    for tilt in range(3):
        project.average("TS_1", tilt).unlink()
    assert run(plan_of(project, "coordinates")).particles == 2


def contradictions() -> Iterator[tuple[str, str]]:
    for name, kinds in KINDS_OF_PROFILE.items():
        for kind in ("volumes", "series"):
            if kind not in kinds and (name, kind) != ("coordinates", "volumes"):
                yield name, kind


@pytest.mark.parametrize("name, kind", contradictions())
def test_a_profile_for_other_images_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    project = write_tiny(tmp_path)
    with pytest.raises(InputError, match=f"The profile {name} .*, but --{kind} was asked for"):
        plan_of(project, name, output_kind=kind)
