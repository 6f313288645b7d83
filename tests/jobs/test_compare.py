"""The child that compares for the app answers on stdout and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtui.jobs.compare import encode
from mtui.matching.intersect import compare
from mtui.model.particle_tables import write_m_particles
from mtui.model.population import load_population
from mtui.model.versions import load_particles
from mtui.settings import IntersectSettings, to_json
from tests.model.relion_files import Columns, write_particles
from tests.tiny import TinyProject, write_tiny


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return write_tiny(tmp_path, particles=4)


def settings_of(project: TinyProject, **more: Path) -> IntersectSettings:
    return IntersectSettings(project.population, "apo 1", **more)  # type: ignore[arg-type]


def run(text: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "mtui.jobs.compare", text]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def test_it_answers_with_a_header_and_distances(project: TinyProject) -> None:
    own = load_particles(load_population(project.population).find_species("apo 1"))
    path = project.folder / "new.star"
    shift = np.array([[3.0, 0.0, 4.0]], np.float32)
    write_m_particles(path, replace(own, positions_ang=own.positions_ang + shift).select([2, 0]))
    done = run(to_json(settings_of(project, m_star=path)))
    assert (done.returncode, done.stderr) == (0, b"")
    header, _, data = done.stdout.partition(b"\n")
    values = json.loads(header)
    assert (values["n_old"], values["n_new"], values["n_rows"]) == (4, 2, 2)
    assert (values["coords_angpix"], values["shifts_angpix"], values["unmatched"]) == ("", "", [])
    assert values["remarks"] == [
        "Read as M particle table; coordinates in Å, shifts none.",
        "Counted from the corner of the volume; angles: wrpAngleRot, Tilt, Psi.",
    ]
    np.testing.assert_allclose(np.frombuffer(data, "<f4"), 5.0, atol=1e-3)


def test_refusals_are_one_line_on_stderr(project: TinyProject) -> None:
    done = run(to_json(settings_of(project, relion_star=project.folder / "none.star")))
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1
    assert b"none.star" in done.stderr


def test_pixel_sizes_and_unmatched_names_are_for_the_form(project: TinyProject) -> None:
    columns: Columns = {
        "rlnMicrographName": ["TS_1", "TS_9"],
        **{f"rlnCoordinate{axis}": [4, 5] for axis in "XYZ"},
        "rlnOriginXAngst": [0, 0],
        "rlnOriginYAngst": [0, 0],
        "rlnPixelSize": [2.5, 2.5],
    }
    path = write_particles(project.folder / "new.star", columns)
    population = load_population(project.population)
    settings = settings_of(project, relion_star=path)
    found = compare(population, population.find_species("apo 1"), settings)
    values = json.loads(encode(found, 10.0).partition(b"\n")[0])
    assert (values["n_new"], values["n_rows"]) == (1, 2)
    assert (values["coords_angpix"], values["shifts_angpix"]) == ("2.5", "1")
    assert values["unmatched"] == ["table: TS_9", "source: TS_1.tomostar"]
