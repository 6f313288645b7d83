"""``mtui species``: everything that is there, and what is broken with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtui.cli.main import main
from mtui.model.population import load_population
from mtui.model.versions import commit_particles, load_particles
from tests.tiny import write_tiny


def test_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"), ("TS_3",)), particles=2, homeless=1)
    assert main(["species", str(project.population)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Species", "Diameter", "Å", "kDa", "Symmetry", "Resolution", "Å", "Particles"]
    assert lines[1].split() == ["apo", "1", "40", "100", "C1", "-", "7"]
    assert [line.split()[:3] for line in lines[4:]] == [["source0", "2", "10"], ["source1", "1", "10"]]


def test_list_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path)
    assert main(["species", str(project.population), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(entry["name"], entry["particles"]) for entry in found["species"]] == [("apo 1", 3)]
    assert [(entry["name"], entry["series"]) for entry in found["sources"]] == [("source0", 1)]


def test_a_broken_species_is_listed_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path)
    project.species.write_text("<Species>")
    assert main(["species", str(project.population)]) == 1
    shown = capsys.readouterr()
    assert "apo1 !" in shown.out and "source0" in shown.out
    assert str(project.species) in shown.err
    assert main(["species", str(project.population), "--json"]) == 1
    assert "ends too early" in json.loads(capsys.readouterr().out)["species"][0]["error"]


def test_a_missing_table_is_listed_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path)
    project.particles.unlink()
    assert main(["species", str(project.population)]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].split() == ["apo", "1", "!", "40", "100", "C1", "-", "-"]
    assert "has no particle table" in shown.err


@pytest.mark.parametrize("name", ["apo 1", "apo1", "37374521-786e-546e-8763-29a72e9c511f"])
def test_details(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"), ("TS_3",)), particles=2, keys=3, homeless=1)
    assert main(["species", str(project.population), name]) == 0
    words = capsys.readouterr().out
    for line in (
        "Half-sets    4 / 3",
        "Poses        3 position, 3 rotation",
        "Source       source0: 2 series, 4",
        "! No source  1 particle",
        "source1  TS_3.tomostar          2",
    ):
        assert line in words


def test_details_as_json_with_versions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path)
    species = load_population(project.population).find_species("apo1")
    first = commit_particles(species, load_particles(species).select([0, 1]))
    second = commit_particles(first, load_particles(first).select([0]))
    assert main(["species", str(project.population), "apo1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["particles"], found["half_sets"], found["without_source"]) == (1, [1, 0], 0)
    assert found["version"] == second.version
    assert first.version in found["versions"]
    assert found["sources"][0]["series"] == [{"name": "TS_1.tomostar", "particles": 1}]


def test_an_unknown_species_is_refused_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path)
    assert main(["species", str(project.population), "ribo"]) == 2
    assert "has no species 'ribo'. Its species are: 'apo 1'" in capsys.readouterr().err
