from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtui.cli.main import parse
from mtui.demo.average import Average, compute_average
from mtui.demo.phantom import sample_phantom
from mtui.demo.project import DemoProject
from mtui.demo.tour import export_steps, first_steps, judge_average, judge_export, verdict_text
from mtui.demo.truth import load_truth
from mtui.errors import FormatError, InputError
from mtui.formats.mrc import write_mrc


def test_the_steps_are_commands_that_mtui_understands(demo_project: DemoProject) -> None:
    steps = [*first_steps(demo_project), *(export.step for export in export_steps(demo_project))]
    for step in steps:
        arguments = parse(step.argv)
        assert arguments.population == demo_project.population
    assert [step.argv[0] for step in steps] == ["species", "intersect", "intersect", "export", "export"]


def test_a_verdict_says_what_was_measured(demo_project: DemoProject) -> None:
    truth = load_truth(demo_project.truth).species["anchor"]
    density = sample_phantom(truth.phantom, 32, 5.0)
    good = judge_average(Average(density, 5.0, 12), truth.phantom)
    assert (good.last_shell, good.resolution_ang, good.is_good) == (8, 20.0, True)
    assert "12 particles, box 32 px at 5.00 Å" in verdict_text(good)
    assert "(20.0 Å), good" in verdict_text(good)
    bad = judge_average(Average(density[:, :, ::-1].copy(), 5.0, 12), truth.phantom)
    assert not bad.is_good
    assert "NOT good" in verdict_text(bad)


def test_an_export_is_read_from_its_table(demo_project: DemoProject, tmp_path: Path) -> None:
    density = sample_phantom(load_truth(demo_project.truth).species["anchor"].phantom, 32, 5.0)
    (tmp_path / "images").mkdir()
    ctf = np.ones((32, 32, 17), np.float32)
    write_mrc(tmp_path / "images" / "a b.mrc", density, 5.0)
    write_mrc(tmp_path / "images" / "ctf.mrc", ctf, 5.0)
    names = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnImageName", "rlnCtfImage", "rlnPixelSize")
    header = "".join(f"_{name} #{number}\n" for number, name in enumerate(names, start=1))
    star = tmp_path / "table.star"
    star.write_text(f"\ndata_\n\nloop_\n{header} 0 0 0 images/a%20b.mrc images/ctf.mrc 5.00000\n")
    average = compute_average(star)
    assert (average.angpix, average.particles) == (5.0, 1)
    assert judge_export(demo_project, "anchor", star).lowest > 0.98
    with pytest.raises(InputError, match="no species 'rock'"):
        judge_export(demo_project, "rock", star)


def test_a_missing_image_is_named(demo_project: DemoProject, tmp_path: Path) -> None:
    star = tmp_path / "table.star"
    star.write_text(
        "\ndata_\n\nloop_\n_rlnAngleRot #1\n_rlnAngleTilt #2\n_rlnAnglePsi #3\n_rlnImageName #4\n"
        "_rlnCtfImage #5\n_rlnPixelSize #6\n 0 0 0 gone.mrc ctf.mrc 5.0\n"
    )
    with pytest.raises(FormatError, match=r"gone\.mrc"):
        compute_average(star)
