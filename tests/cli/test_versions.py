"""``mtui versions``, ``mtui restore`` and ``mtui duplicates``."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mtui.cli.main import main
from mtui.model.particles import concatenate
from mtui.model.population import load_population
from mtui.model.species import Species
from mtui.model.versions import commit_particles, load_particles
from tests.tiny import TinyProject, write_tiny


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> TinyProject:
    return write_tiny(tmp_path_factory.mktemp("tiny"), particles=6)


def species_of(project: TinyProject) -> Species:
    return load_population(project.population).find_species("apo1")


def run(
    capsys: pytest.CaptureFixture[str], project: TinyProject, command: str, *more: str
) -> dict[str, object]:
    assert main([command, str(project.population), "apo1", *more, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_undo_and_redo(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    first = species_of(project)
    start = load_particles(first)
    second = commit_particles(first, start.select(np.arange(len(start) - 2)))
    third = commit_particles(second, start.select(np.arange(len(start) - 3)))
    listed = run(capsys, project, "versions")["versions"]
    assert isinstance(listed, list)
    assert [entry["particles"] for entry in listed] == [len(start) - 3, len(start) - 2, len(start)]
    assert [entry["current"] for entry in listed] == [True, False, False]
    oldest = listed[-1]["version"]
    back = run(capsys, project, "restore", oldest)
    assert (back["version"], back["previous_version"]) == (oldest, third.version)
    assert load_particles(species_of(project)).same_as(start)
    again = run(capsys, project, "restore", third.version)
    assert (again["particles"], again["changed"]) == (len(start) - 3, True)
    assert main(["versions", str(project.population), "apo1"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split() == ["Version", "Particles", "Written", "Version", "before"]
    assert shown.splitlines()[1].startswith(f"*  {third.version}")


def test_a_version_that_is_not_there_is_refused(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", str(project.population), "apo1", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_duplicates_are_removed(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    start = load_particles(species_of(project))
    near = replace(start.select([1, 2]), positions_ang=start.positions_ang[[1, 2]] + np.float32(0.5))
    before = commit_particles(species_of(project), concatenate(start, near))
    tried = run(capsys, project, "duplicates", "--distance", "2", "--dry-run")
    assert (tried["duplicates"], tried["committed"], tried["version"]) == (2, False, before.version)
    done = run(capsys, project, "duplicates", "--distance", "2")
    assert (done["kept"], done["previous_version"]) == (len(start), before.version)
    np.testing.assert_allclose(
        np.sort(load_particles(species_of(project)).positions_ang, axis=0),
        np.sort(start.positions_ang, axis=0),
    )
    assert run(capsys, project, "duplicates", "--distance", "2")["duplicates"] == 0
    assert main(["duplicates", str(project.population), "apo1", "--distance", "-1"]) == 2
