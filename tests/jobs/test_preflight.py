"""What is known to go wrong is said before anything is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mtui.errors import InputError, ModelError
from mtui.formats import files
from mtui.jobs import inputs
from mtui.jobs.inputs import check_inputs
from mtui.jobs.names import image_names
from mtui.jobs.preflight import check_start, prepare_folders
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny


def plan_of(project: TinyProject, **change: Any) -> ExportPlan:
    output = change.pop("output", project.folder / "out" / "a.star")
    settings = ExportSettings(project.population, "apo 1", output, box=8, **change)
    return plan_export(load_population(project.population), settings)


def test_a_fresh_place_is_fine_and_stays_empty(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path))
    check_start(plan)
    assert not plan.output.parent.exists()
    prepare_folders(plan)
    assert (plan.output.parent / "subtomo" / "TS_1").is_dir()


def test_every_image_has_a_name(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path, particles=2))
    names = list(image_names(plan, plan.series[0]))
    assert len(names) == len(set(names)) == 5
    assert names[-1] == "TS_1_apo1_10.00A_average.mrc"


@pytest.mark.parametrize("name", ["a.star", "subtomo/TS_1/TS_1_apo1_0000002_ctf_10.00A.mrc"])
def test_files_of_another_export_are_not_replaced(tmp_path: Path, name: str) -> None:
    project = write_tiny(tmp_path)
    plan = plan_of(project)
    there = plan.output.parent / name
    there.parent.mkdir(parents=True)
    there.write_text("precious")
    with pytest.raises(
        InputError, match=f"1 file of another export would be replaced: {re.escape(str(there))}"
    ):
        check_start(plan)
    check_start(plan_of(project, overwrite=True))
    assert there.read_text() == "precious"


def test_only_the_first_files_in_the_way_are_named(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path))
    prepare_folders(plan)
    for name in image_names(plan, plan.series[0]):
        (plan.series[0].folder / name).touch()
    with pytest.raises(InputError, match=r"7 files .* and 4 more"):
        check_start(plan)


def test_images_of_another_species_are_not_in_the_way(tmp_path: Path) -> None:
    plan = plan_of(write_tiny(tmp_path))
    prepare_folders(plan)
    (plan.series[0].folder / "TS_1_other_0000000_10.00A.mrc").touch()
    check_start(plan)


def test_an_input_is_never_the_output(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    with pytest.raises(InputError, match="is a file that the export reads"):
        check_start(plan_of(project, output=project.particles, overwrite=True))


def test_a_folder_is_not_a_table(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    with pytest.raises(InputError, match="is a folder"):
        check_start(plan_of(project, output=tmp_path))


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    project = write_tiny(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be created: .*file is a file"):
        check_start(plan_of(project, output=tmp_path / "file" / "a.star"))


def test_a_closed_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def closed(folder: Path) -> bool:
        asked.append(folder)
        return False

    plan = plan_of(write_tiny(tmp_path))
    monkeypatch.setattr(files, "is_writable_folder", closed)
    with pytest.raises(InputError, match="no permission in"):
        check_start(plan)
    assert asked == [plan.output.parent]


def test_too_little_space_is_refused_with_the_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(write_tiny(tmp_path))
    monkeypatch.setattr(files, "free_bytes", lambda folder: 2000)
    with pytest.raises(InputError, match=r"needs 1\.06 MB and .*TS_1 has 2 kB free"):
        check_start(plan)


def test_too_few_inodes_are_refused_with_the_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(write_tiny(tmp_path))
    monkeypatch.setattr(files, "free_files", lambda folder: 27)
    with pytest.raises(InputError, match=r"makes 28 files, and the disk of .*TS_1 has room for 27 more"):
        check_start(plan)
    monkeypatch.setattr(files, "free_files", lambda folder: 28)
    check_start(plan)
    monkeypatch.setattr(files, "free_files", lambda folder: None)
    check_start(plan)


def test_series_that_lack_files_are_named(tmp_path: Path) -> None:
    project = write_tiny(tmp_path, (("TS_1", "TS_2", "TS_3"),))
    assert check_inputs(plan_of(project)) == ()
    project.average("TS_1", 1).unlink()
    project.xml("TS_3").unlink()
    (warning,) = check_inputs(plan_of(project))
    assert warning.startswith("2 series will be skipped. TS_1: 1 of 3 averages")
    assert "TS_3: " in warning and "TS_3.xml does not exist" in warning
    project.average("TS_2").unlink()
    with pytest.raises(ModelError, match=r"1 of 3 averages .*TS_1_1\.mrc"):
        check_inputs(plan_of(project))


def test_of_many_series_some_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_tiny(tmp_path, (tuple(f"TS_{number}" for number in range(9)),), tilts=1)
    monkeypatch.setattr(inputs, "MOST_LOOKED_AT", 3)
    project.average("TS_3").unlink()
    project.average("TS_4").unlink()
    (warning,) = check_inputs(plan_of(project))
    assert warning.startswith("1 series of 3 that were looked at will be skipped. TS_3: ")
    # All that are looked at are broken, so the others are, up to the first that is not.
    project.average("TS_0").unlink()
    project.average("TS_6").unlink()
    (warning,) = check_inputs(plan_of(project))
    assert warning.startswith("3 series of 3 that were looked at will be skipped.")
