"""``mtui intersect``: compares, reports, and commits at once unless it is a dry run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtui.cli.main import main
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import concatenate
from mtui.model.population import load_population
from mtui.model.versions import commit_particles, list_versions, load_particles
from tests.tiny import TinyProject, make_particles, write_tiny

RELION = """
data_

loop_
_rlnMicrographName #1
_rlnCoordinateX #2
_rlnCoordinateY #3
_rlnCoordinateZ #4
_rlnAngleRot #5
_rlnAngleTilt #6
_rlnAnglePsi #7
_rlnMagnification #8
_rlnDetectorPixelSize #9
"""


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return write_tiny(tmp_path, particles=6)


def write_m_set(project: TinyProject) -> Path:
    """Four of the species' particles and two others of the same series."""
    own = load_particles(load_population(project.population).find_species("apo1"))
    others = make_particles(["hash0TS_1"] * 2, ["TS_1.tomostar"] * 2, seed=99)
    path = project.folder / "set.star"
    write_m_particles(path, concatenate(own.select([0, 1, 2, 3]), others))
    return path


def write_relion_set(project: TinyProject, strangers: int = 0) -> Path:
    """The species' particles as RELION has them, at 20 Å, and some of unknown series."""
    own = load_particles(load_population(project.population).find_species("apo1"))
    names = ["TS_1.tomostar"] * len(own) + [f"TS_9{number}.tomostar" for number in range(strangers)]
    places = [*(own.positions_ang[:, 0] / 20).tolist(), *[[1.0, 2.0, 3.0]] * strangers]
    rows = [
        f"{name} {x:.5f} {y:.5f} {z:.5f} 0 0 0 10000 20.0"
        for name, (x, y, z) in zip(names, places, strict=True)
    ]
    path = project.folder / "run_data.star"
    path.write_text(RELION + "\n".join(rows) + "\n")
    return path


def words(project: TinyProject, *more: str) -> list[str]:
    return ["intersect", str(project.population), "apo 1", *more]


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_counts_and_writes_nothing(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_m_set(project)
    before = files_below(project.folder)
    assert (
        main(words(project, "--m-star", str(new), "--tolerance", "1", "--dry-run", "--json", "--histogram"))
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["old"], found["new"]) == (6, 6)
    assert (found["only_old"], found["both"], found["only_new"]) == (2, 4, 2)
    assert sum(found["histogram"]) == 6
    assert found["committed"] is False
    assert files_below(project.folder) == before


def test_text_has_the_counts_and_the_result(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    new = write_m_set(project)
    assert main(words(project, "--m-star", str(new), "--tolerance", "1", "--keep", "both", "--dry-run")) == 0
    shown = capsys.readouterr().out
    assert "In both      4" in shown
    assert "6 -> 4 particles" in shown


def test_it_commits_at_once(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    new = write_m_set(project)
    table = project.particles.read_bytes()
    assert main(words(project, "--m-star", str(new), "--tolerance", "1", "--keep", "both,new", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kept"], found["committed"]) == (6, True)
    species = load_population(project.population).find_species("apo1")
    assert species.version == found["version"]
    assert len(load_particles(species)) == 6
    before = [path for path in species.versions_folder.iterdir() if path.name != species.version]
    assert [(path / "apo1_particles.star").read_bytes() for path in before] == [table]
    assert (species.versions_folder / species.version / "apo1_particles.star").is_file()
    # The same again changes nothing.
    assert main(words(project, "--m-star", str(new), "--tolerance", "1", "--keep", "old,both", "--json")) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["committed"], again["version"]) == (False, found["version"])


def test_unmatched_rows_are_left_out_and_reported(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_relion_set(project, strangers=12)
    assert (
        main(words(project, "--relion-star", str(new), "--tolerance", "1", "--keep", "both", "--json")) == 0
    )
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["rows"], found["new"], found["both"]) == (18, 6, 6)
    assert found["unmatched"]["rows"] == 12
    assert len(found["unmatched"]["table_examples"]) == 10
    assert found["unmatched"]["source_examples"] == ["TS_1.tomostar"]
    assert "12 of 18 rows" in shown.err and "TS_90.tomostar" in shown.err and "TS_1.tomostar" in shown.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--m-star", "SET"], "--keep"),
        (["--keep", "both"], "--m-star or --relion-star"),
        (["--m-star", "SET", "--relion-star", "SET", "--keep", "both"], "--m-star or --relion-star"),
        (["--m-star", "SET", "--keep", "both", "--poses", "better"], "--better-by"),
        (["--m-star", "SET", "--keep", "both", "--rule", "near"], "'near' is none of m, gated"),
        (["--m-star", "SET", "--keep", "both,all"], "'all' is none of old, both, new"),
        (["--m-star", "SET", "--keep", "both", "--tolerance", "-1"], "Tolerance distance: -1.0 Å is below"),
        (["--m-star", "/there/is/none.star", "--keep", "both"], "/there/is/none.star does not exist"),
        (["--relion-star", "TABLE", "--keep", "both", "--strict-names"], "TS_90.tomostar"),
        (["--relion-star", "TABLE", "--keep", "both", "--source", "nowhere"], "nowhere"),
        (["--relion-star", "TABLE", "--keep", "new", "--tolerance", "99999"], "would be left"),
    ],
)
def test_what_cannot_be_is_refused(
    more: list[str], message: str, project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"SET": str(write_m_set(project)), "TABLE": str(write_relion_set(project, strangers=1))}
    before = files_below(project.folder)
    assert main(words(project, *(places.get(word, word) for word in more))) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert files_below(project.folder) == before


def ragged(text: str) -> str:
    return text.rstrip("\n").rpartition(" ")[0] + "\n"


DAMAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "ragged row": (ragged, r"run_data\.star, line 19.*8 values.*9 columns"),
    "non-numeric cell": (
        lambda text: text.replace(" 20.0\n", " abc\n", 1),
        r"line 14.*rlnDetectorPixelSize.*'abc'",
    ),
    "comma decimals": (lambda text: text.replace(" 20.0\n", " 20,0\n", 1), r"line 14.*'20,0'.*comma"),
    "duplicate column": (lambda text: text.replace("CoordinateY", "CoordinateX"), r"rlnCoordinateX.*twice"),
    "missing column": (lambda text: text.replace("rlnAngleTilt", "rlnSomething"), r"rlnAngleTilt"),
    "no rows": (lambda text: RELION, r"run_data\.star"),
    "another kind of file": (lambda text: "hello", r"run_data\.star"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_tables_are_refused(
    name: str, project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, message = DAMAGES[name]
    path = write_relion_set(project)
    path.write_text(damage(path.read_text()))
    before = files_below(project.folder)
    assert main(words(project, "--relion-star", str(path), "--keep", "both")) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.search(message, shown.err), shown.err
    assert files_below(project.folder) == before


def test_what_was_assumed_is_shown(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_relion_set(project, strangers=2)
    assert main(words(project, "--relion-star", str(path), "--tolerance", "1", "--dry-run")) == 0
    shown = capsys.readouterr().out
    assert re.search(r"Read as +RELION 3\.0", shown)
    assert re.search(r"Coordinates +20 Å/px \(rlnDetectorPixelSize and rlnMagnification\)", shown)
    assert re.search(r"Names +6/8 new particles matched to available data sources", shown)
    assert main(words(project, "--relion-star", str(path), "--dry-run", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["detected"]["dialect"] == "relion30"
    assert found["detected"]["coords_angpix"] == [20.0]
    assert found["matched"] == {"rows": 6, "names": 1, "rules": {"file name": 1}}
    assert (found["keep"], found["kept"]) == ([], None)


def test_the_histogram_is_printed_in_bins(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    new = write_m_set(project)
    assert main(words(project, "--m-star", str(new), "--dry-run", "--histogram")) == 0
    shown = capsys.readouterr().out
    bins = re.findall(r"^ *(\d+\.\d\d) +(\d+)(?:  ([#.]+))?$", shown, re.MULTILINE)
    assert len(bins) == 100
    assert sum(int(count) for _, count, _ in bins) == 6
    assert all(set(bar) <= ({"#"} if float(centre) <= 10 else {"."}) for centre, _, bar in bins)


def test_a_zoomed_histogram_ends_at_five_tolerances(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_m_set(project)
    more = ("--dry-run", "--histogram", "--json", "--tolerance", "0.1")
    assert main(words(project, "--m-star", str(new), *more)) == 0
    whole = json.loads(capsys.readouterr().out)
    assert (sum(whole["histogram"]), whole["histogram_end"]) == (6, whole["largest_distance"])
    assert main(words(project, "--m-star", str(new), *more, "--zoom")) == 0
    zoomed = json.loads(capsys.readouterr().out)
    assert (sum(zoomed["histogram"]), zoomed["histogram_end"]) == (4, 0.5)


def test_nothing_changes_at_another_version_than_was_seen(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_m_set(project)
    argv = words(project, "--m-star", str(new), "--tolerance", "1", "--keep", "both")
    assert main([*argv, "--if-version", ""]) == 0
    before = files_below(project.folder)
    assert main([*argv, "--if-version", "abcd1234"]) == 2
    assert re.search(r"apo 1 is at version \S{8} now, not at abcd1234", capsys.readouterr().err)
    assert files_below(project.folder) == before


def test_half_sets_that_differ_are_counted(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    own = load_particles(load_population(project.population).find_species("apo1"))
    path = project.folder / "set.star"
    write_m_particles(path, replace(own, half=np.where(np.arange(len(own)) < 2, 1 - own.half, own.half)))
    assert main(words(project, "--m-star", str(path), "--dry-run")) == 0
    assert "2 of them in different half-sets (the old one is kept)" in capsys.readouterr().out


def test_poses_of_the_new_set_are_counted(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    argv = words(project, "--m-star", str(write_m_set(project)), "--tolerance", "1", "--poses", "new")
    assert main([*argv, "--keep", "both", "--dry-run"]) == 0
    assert "(keeping both; 4 of them with the pose of the new set)" in capsys.readouterr().out


def test_the_steal_under_both_rules(project: TinyProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Old at 0 and 10 Å, new at 9 and 19 Å: the least total pairs 0 with 9 and 10 with 19."""
    species = load_population(project.population).find_species("apo1")
    two = load_particles(species).select([0, 1])
    places = np.array([[[100.0, 50, 50]], [[110.0, 50, 50]]], np.float32)
    commit_particles(species, replace(two, positions_ang=places))
    path = project.folder / "chain.star"
    write_m_particles(path, replace(two, positions_ang=places + np.array([9, 0, 0], np.float32)))
    argv = words(project, "--m-star", str(path), "--tolerance", "5", "--dry-run")
    for rule, both, other in (("m", 0, 1), ("gated", 1, 0)):
        assert main([*argv, "--rule", rule, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["rule"], found["both"], found["both_by_other_rule"]) == (rule, both, other)
    assert main(argv) == 0
    assert re.search(r"In both +0\nOnly new.*\nOther rule +1 in both .*--rule gated", capsys.readouterr().out)


def test_several_at_once_lose_no_set(project: TinyProject) -> None:
    """Each that says it wrote a version did: it is current or in the versions folder."""
    path = str(write_m_set(project))
    argv = [sys.executable, "-m", "mtui", *words(project, "--m-star", path, "--tolerance", "1", "--json")]
    running = [
        subprocess.Popen([*argv, "--keep", sets], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for sets in ("both", "old", "new", "both,new")
    ]
    outcomes = [(process.communicate()[0], process.returncode) for process in running]
    written = [json.loads(out)["version"] for out, code in outcomes if code == 0]
    assert written
    assert all(code in (0, 1, 2) for _, code in outcomes)
    found = {entry.name for entry in list_versions(load_population(project.population).find_species("apo1"))}
    assert set(written) <= found


def test_unknown_hashes_are_refused_on_request(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.folder / "set.star"
    write_m_particles(path, make_particles(["hash0TS_1", "elsewhere"], ["TS_1.tomostar"] * 2))
    argv = words(project, "--m-star", str(path), "--dry-run")
    assert main(argv) == 0
    assert "1 rows carry source hashes that no source lists" in capsys.readouterr().err
    assert main([*argv, "--strict-names"]) == 2
    assert "1 of 2 rows" in capsys.readouterr().err


def test_a_version_is_compared_by_its_folder(
    project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_m_set(project)
    argv = words(project, "--m-star", str(new), "--tolerance", "1", "--keep", "both")
    assert main(argv) == 0
    folder = next(
        path
        for path in (project.species.parent / "versions").iterdir()
        if path.name != load_population(project.population).find_species("apo1").version
    )
    capsys.readouterr()
    assert main(words(project, "--m-star", str(folder), "--dry-run", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["old"], found["new"], found["both"]) == (4, 6, 4)


REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "no number": (
        lambda text: re.sub(r"\S+ 0 0 0 10000 20.0\n", "nan 0 0 0 10000 20.0\n", text, count=1),
        r"line 14: rlnCoordinateZ is nan",
    ),
    "outside of the volume": (
        lambda text: text.replace(" 20.0\n", " 90.0\n"),
        r"90 Å/px \(rlnDetectorPixelSize.*10 Å/px \(the data source's pixel\) puts 6 inside: "
        r"--coords-angpix 10",
    ),
    "no pixel size": (lambda text: text.replace("rlnDetectorPixelSize", "rlnSomething"), r"--coords-angpix"),
    "an image series": (
        lambda text: (
            text.replace("rlnCoordinateZ", "rlnDefocusU")
            .replace("rlnMagnification", "rlnCtfScalefactor")
            .replace("rlnMicrographName", "rlnGroupName")
        ),
        r"image series.*cannot be recovered",
    ),
    "motive list": (lambda text: "data_stopgap_motivelist\nloop_\n_motl_idx\n_tomo_num\n1 2\n", r"STOPGAP"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tables_that_cannot_be_meant_are_refused(
    name: str, project: TinyProject, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, message = REFUSED[name]
    path = write_relion_set(project)
    path.write_text(damage(path.read_text()))
    before = files_below(project.folder)
    assert main(words(project, "--relion-star", str(path), "--keep", "both")) == 2
    shown = capsys.readouterr()
    assert re.search(message, shown.err), shown.err
    assert files_below(project.folder) == before


def test_a_name_of_two_sources_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_tiny(tmp_path, series=(("TS_1",), ("TS_1",)), particles=2)
    path = write_relion_set(project)
    assert main(words(project, "--relion-star", str(path), "--dry-run")) == 2
    assert "ambiguous between the selected data sources" in capsys.readouterr().err
    argv = words(project, "--relion-star", str(path), "--source", "source1", "--dry-run", "--json")
    assert main(argv) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 4


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["relion30_run_data", "relion31_run_data", "relion5_particles", "m_particles"]
)
def test_real_sets_give_the_known_counts(name: str, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared / "data" / "empiar10499"
    truth = json.loads((folder / "sets" / "truth.json").read_text())[f"{name}.star"]
    flag = "--m-star" if name == "m_particles" else "--relion-star"
    for tolerance, both in truth["matched_within"].items():
        argv = ["intersect", str(folder / "mpneumoniae.population"), "ribosome70s", "--dry-run", "--json"]
        assert main([*argv, flag, str(folder / "sets" / f"{name}.star"), "--tolerance", tolerance]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["rows"], found["both"]) == (truth["rows"], both)
        assert found["only_old"] == found["old"] - both
        assert found["only_new"] == found["new"] - both
