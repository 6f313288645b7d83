"""Places are held by the job that writes there, and by nobody else."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtui.errors import InputError, WriteError
from mtui.formats import files
from mtui.jobs import places
from mtui.jobs.claim import claim_run
from mtui.jobs.exclusive import ATTEMPTS, create_once
from mtui.jobs.leftovers import remove_leftovers
from mtui.jobs.places import hold_paths, holding
from mtui.jobs.preflight import prepare_folders
from mtui.jobs.record import Job, create_job
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.tiny import write_tiny


@pytest.fixture
def plan(tmp_path: Path) -> ExportPlan:
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),))
    settings = ExportSettings(project.population, "apo1", tmp_path / "out" / "a.star", box=8)
    found = plan_export(load_population(project.population), settings)
    prepare_folders(found)
    return found


def running_job(plan: ExportPlan) -> Job:
    job = create_job(plan.settings, time.time())
    claim_run(job)
    return job


def test_a_place_is_held_and_let_go(plan: ExportPlan) -> None:
    table, images = hold_paths(plan)
    assert (table.name, images.name) == (".a.star.mtui-job", ".apo1_10.00A.mtui-job")
    job = running_job(plan)
    with holding(plan, job):
        assert table.read_text() == images.read_text() == str(job.folder)
        with (
            pytest.raises(InputError, match=rf"is being written by another export, {job.folder}"),
            holding(plan, running_job(plan)),
        ):
            pass
        assert table.exists()
    assert not table.exists() and not images.exists()


@pytest.mark.parametrize("holder", ["", "deleted", "killed"])
def test_a_place_that_nobody_holds_any_more_is_taken(plan: ExportPlan, tmp_path: Path, holder: str) -> None:
    dead = create_job(plan.settings, time.time())
    words = {"": "", "deleted": str(tmp_path / "jobs" / "9"), "killed": str(dead.folder)}[holder]
    for path in hold_paths(plan):
        path.write_text(words)
    with holding(plan, running_job(plan)):
        pass
    assert not any(path.exists() for path in hold_paths(plan))
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_job_that_may_not_be_looked_at_may_run(plan: ExportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = create_job(plan.settings, time.time())
    claim_run(theirs)
    state = theirs.folder / "state.json"
    for path in hold_paths(plan):
        path.write_text(str(theirs.folder))
    state.write_text("{")  # what cannot be read looks like this to root, too
    asked: list[Path] = []

    def access(path: Path, mode: int) -> bool:
        asked.append(path)
        return path != state

    monkeypatch.setattr(os, "access", access)
    job = create_job(plan.settings, time.time())
    with pytest.raises(InputError, match="If it is long gone: rm"), holding(plan, job):
        pass
    assert state in asked


@pytest.mark.parametrize("links", [True, False])
def test_one_of_many_creates_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    tried: list[object] = []

    def refuse(*paths: object) -> None:
        tried.append(paths)
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "one"
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: create_once(path, f"{number}"), range(8)))
    assert sum(won) == 1
    assert path.read_text() == str(won.index(True))
    assert list(tmp_path.iterdir()) == [path]
    assert bool(tried) != links


@pytest.mark.parametrize("links", [True, False])
def test_the_name_of_what_was_created_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    flush, path = files._flush, tmp_path / "one"
    flushed: list[tuple[Path, bool]] = []

    def note(entry: Path) -> None:
        flushed.append((entry, path.exists()))
        flush(entry)

    def refuse(*_paths: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(files, "_flush", note)
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    assert create_once(path, "text")
    assert [there for _, there in flushed] == [False, True]
    assert flushed[-1][0] == tmp_path


@pytest.mark.parametrize("other", [None, "theirs"])
@pytest.mark.parametrize("at", ["writing", "linking"])
def test_clearing_up_does_not_hit_one_that_lives(
    plan: ExportPlan, monkeypatch: pytest.MonkeyPatch, at: str, other: str | None
) -> None:
    job = create_job(plan.settings, time.time())
    path = job.folder / "2.json"
    module, name = {"writing": (files, "_flush"), "linking": (os, "link")}[at]
    work = getattr(module, name)

    def clear_up_first(*arguments: Path) -> None:
        monkeypatch.setattr(module, name, work)
        assert remove_leftovers(plan, job) == 1
        if other is not None:
            path.write_text(other)
        work(*arguments)

    monkeypatch.setattr(module, name, clear_up_first)
    assert create_once(path, "mine") == (other is None)
    assert path.read_text() == (other or "mine")
    assert not list(job.folder.glob(".*.tmp"))


def test_clearing_up_without_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Path] = []

    def vanish(draft: Path, _path: Path) -> None:
        tried.append(draft)
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(os, "link", vanish)
    with pytest.raises(WriteError, match="one could not be written: No such file or directory"):
        create_once(tmp_path / "one", "text")
    assert len(set(tried)) == ATTEMPTS


@pytest.mark.parametrize("clears_up", [True, False])
def test_a_place_whose_job_is_just_resumed_stays_its_own(
    plan: ExportPlan, monkeypatch: pytest.MonkeyPatch, clears_up: bool
) -> None:
    killed, other = create_job(plan.settings, time.time()), create_job(plan.settings, time.time())
    for path in hold_paths(plan):
        path.write_text(str(killed.folder))
    asked = places._is_in_use

    def resume_after(holder: str) -> bool:
        answer = asked(holder)
        monkeypatch.setattr(places, "_is_in_use", asked)
        claim_run(killed)
        return answer

    def rename(path: Path, target: Path) -> None:
        os.rename(path, target)  # noqa: PTH104 - what is replaced here is the path's own
        if clears_up:
            assert remove_leftovers(plan, killed) == 1

    monkeypatch.setattr(places, "_is_in_use", resume_after)
    monkeypatch.setattr(Path, "rename", rename)
    with (
        pytest.raises(InputError, match=rf"is being written by another export, {killed.folder}"),
        holding(plan, other),
    ):
        pass
    assert [path.read_text() for path in hold_paths(plan)] == [str(killed.folder)] * 2


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file or directory"):
        create_once(tmp_path / "missing" / "one", "text")


def test_only_an_exports_own_temporaries_are_removed(plan: ExportPlan, tmp_path: Path) -> None:
    folder = plan.series[0].folder
    own = [
        folder / ".TS_1_apo1_0000001_10.00A.mrc.77.01234567.tmp",
        plan.output.parent / ".a.star.77.01234567.tmp",
        plan.output.parent / ".a.star.mtui-job.0123abcd.tmp",
    ]
    others = [
        folder / ".TS_1_other_0000001_10.00A.mrc.77.01234567.tmp",
        folder / "TS_1_apo1_0000001_10.00A.mrc.tmp",
        plan.output.parent / ".b.star.77.01234567.tmp",
    ]
    for path in (*own, *others):
        path.touch()
    assert remove_leftovers(plan, create_job(plan.settings, time.time())) == len(own)
    assert not any(path.exists() for path in own)
    assert all(path.exists() for path in others)
