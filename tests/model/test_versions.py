"""Committing, listing and restoring versions of a species."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from mtui.errors import InputError, ModelError, WriteError
from mtui.formats import files
from mtui.formats.mrc import write_mrc
from mtui.model import version_folders, versions
from mtui.model.particle_tables import read_m_particles, write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.species import Species, load_species, save_species
from mtui.model.versions import (
    commit_particles,
    compute_version,
    list_versions,
    load_particles,
    restore_version,
)
from tests.model.samples import make_particles, write_species

FULL = make_particles(6)


@pytest.fixture
def species(tmp_path: Path) -> Species:
    """A species that M committed once, with an angular distribution and a file of M's denoiser."""
    species = write_species(tmp_path / "species", FULL)
    species = replace(species, version=compute_version(species, FULL))
    save_species(species)
    species.map_path("angdist").write_bytes(b"plot of six")
    (species.folder / "apoF_noisenet.pt").write_bytes(b"weights")
    species.map_path("filt").write_bytes(b"not versioned by M")
    return load_species(species.path)


def state(species: Species) -> dict[str, bytes]:
    """Every file below the species' folder."""
    return {
        str(path.relative_to(species.folder)): path.read_bytes()
        for path in sorted(species.folder.rglob("*"))
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_commit_makes_a_version_as_m_does(species: Species) -> None:
    new = commit_particles(species, FULL.select([0, 2, 4]))
    assert new.previous_version == species.version
    assert new.version == compute_version(new, load_particles(new)) != species.version
    assert load_particles(new).same_as(read_m_particles(new.particles_path))
    assert load_particles(new).extra[0][1].tolist() == ["0", "2", "4"]
    complete = [
        "any name.species",
        "apoF_half1.mrc",
        "apoF_half2.mrc",
        "apoF_mask.mrc",
        "apoF_noisenet.pt",
        "apoF_particles.star",
    ]
    assert names(species.versions_folder / new.version) == complete
    assert names(species.versions_folder / species.version) == sorted([*complete, "apoF_angdist.mrc"])
    assert not new.map_path("angdist").exists(), "it would show the old particles"
    assert new.map_path("filt").exists()
    archived = load_species(species.versions_folder / new.version / "any name.species")
    assert replace(archived, path=new.path) == new
    assert load_particles(archived).same_as(load_particles(new))
    before = load_species(species.versions_folder / species.version / "any name.species")
    assert replace(before, path=species.path) == species
    assert not list(species.folder.rglob(".*")), "no lock and no temporary is left"


def test_an_unchanged_table_keeps_its_version(species: Species) -> None:
    before = state(species)
    same = replace(FULL, positions_ang=FULL.positions_ang + np.float32(1e-9))
    assert commit_particles(species, same) == species
    assert state(species) == before


def test_a_version_that_is_archived_is_not_written_again(species: Species) -> None:
    second = commit_particles(species, FULL.select([0]))
    kept = {path: path.stat().st_mtime_ns for path in species.versions_folder.rglob("*")}
    back = commit_particles(second, FULL)
    assert (back.version, back.previous_version) == (species.version, second.version)
    assert {path: path.stat().st_mtime_ns for path in species.versions_folder.rglob("*")} == kept


def test_what_m_cannot_store_is_refused(species: Species) -> None:
    before = state(species)
    with pytest.raises(ModelError, match="no particles left"):
        commit_particles(species, FULL.select([]))
    with pytest.raises(ModelError, match="have 3 and 3 key frames, the species 'apo F' has 1 and 1"):
        commit_particles(species, make_particles(3, keys=3))
    species.map_path("half2").unlink()
    with pytest.raises(ModelError, match=r"apoF_half2\.mrc does not exist"):
        commit_particles(species, FULL.select([0]))
    assert {**before, "apoF_half2.mrc": b""} == {**state(species), "apoF_half2.mrc": b""}


def test_without_versions_as_in_m(species: Species) -> None:
    save_species(replace(species, dont_version=True))
    new = commit_particles(load_species(species.path), FULL.select([0]))
    assert not species.versions_folder.exists()
    assert not new.map_path("angdist").exists()
    assert len(load_particles(new)) == 1
    assert new.previous_version == species.version


def test_changes_outside_of_the_text_keep_it_and_lose_nothing(species: Species) -> None:
    new = commit_particles(species, replace(FULL, half=1 - FULL.half))
    assert (new.version, new.previous_version) == (species.version, "")
    assert [(entry.name, entry.is_current) for entry in list_versions(new)] == [
        (f"{species.version}-2", True),
        (species.version, False),
    ]
    old = restore_version(new, species.version)
    assert load_particles(old).half.tolist() == FULL.half.tolist()


def test_a_species_without_version_gets_one(species: Species) -> None:
    text = species.version
    save_species(replace(species, version=""))
    new = commit_particles(load_species(species.path), FULL.select([0]))
    assert new.previous_version == text
    assert names(species.versions_folder) == sorted([text, new.version])
    assert len(load_particles(restore_version(new, text))) == 6


def test_other_values_changed_on_disk_are_kept(species: Species) -> None:
    save_species(replace(species, symmetry="I"))
    assert commit_particles(species, FULL.select([0])).symmetry == "I"


def test_listing(species: Species) -> None:
    (only,) = list_versions(species)
    assert (only.name, only.particles, only.is_current) == (species.version, 6, True)
    second = commit_particles(species, FULL.select(range(4)))
    third = commit_particles(second, FULL.select(range(2)))
    (species.versions_folder / "empty").mkdir()
    (species.versions_folder / "broken").mkdir()
    (species.versions_folder / "broken" / "a.species").write_text("<Species>")
    entries = list_versions(third)
    assert [(entry.name, entry.particles, entry.is_current) for entry in entries] == [
        (third.version, 2, True),
        (second.version, 4, False),
        (species.version, 6, False),
    ]
    assert entries[0].previous_version == second.version
    assert entries[2].time.timestamp() == pytest.approx(only.time.timestamp()), (
        "the time of the table, not of the copy"
    )
    assert len(load_particles(entries[1].species)) == 4


def test_undo_and_redo(species: Species) -> None:
    second = commit_particles(species, FULL.select([5]))
    undone = restore_version(second, species.version)
    assert (undone.version, undone.previous_version) == (species.version, second.version)
    assert load_particles(undone).same_as(load_particles(species))
    assert undone.map_path("angdist").read_bytes() == b"plot of six"
    assert [entry.name for entry in list_versions(undone)] == [species.version, second.version]
    redone = restore_version(undone, undone.previous_version)
    assert redone.version == second.version
    assert len(load_particles(redone)) == 1
    assert not redone.map_path("angdist").exists()
    assert restore_version(redone, redone.version) == redone
    with pytest.raises(InputError, match="has no version 'nothing'") as caught:
        restore_version(redone, "nothing")
    assert species.version in caught.value.hint


def test_restoring_brings_back_maps_that_changed(species: Species) -> None:
    second = commit_particles(species, FULL.select([5]))
    write_mrc(species.map_path("half1"), np.ones((4, 4, 4), np.float32), 5.0, half=False)
    save_species(replace(second, version="refined1", angpix=second.angpix * 2, symmetry="I"))
    refined = load_species(species.path)
    back = restore_version(refined, species.version)
    assert back.map_path("half1").stat().st_size == 1024 + 4 * 8**3
    assert (back.angpix, back.symmetry) == (species.angpix, "I")
    assert compute_version(back, load_particles(back)) == species.version
    again = restore_version(back, "refined1")
    assert again.angpix == species.angpix * 2
    assert again.map_path("half1").stat().st_size == 1024 + 4 * 4**3


def test_restoring_takes_the_key_frames_of_the_version(tmp_path: Path) -> None:
    species = write_species(tmp_path, make_particles(3, keys=3))
    second = commit_particles(species, make_particles(3, keys=3).select([0]))
    resampled = replace(second, temporal_movement=1, temporal_rotation=1)
    save_species(resampled)
    write_m_particles(species.particles_path, make_particles(2))
    save_species(replace(resampled, version=compute_version(resampled, make_particles(2))))
    back = restore_version(load_species(species.path), second.version)
    assert (back.temporal_movement, load_particles(back).movement) == (3, 3)


def test_two_people_cannot_lose_each_other_s_set(species: Species) -> None:
    mine, yours = load_species(species.path), load_species(species.path)
    commit_particles(yours, FULL.select([0]))
    before = state(species)
    with pytest.raises(ModelError, match="changed on disk: it was loaded as version") as caught:
        commit_particles(mine, FULL.select([1]))
    assert "Open the population again" in caught.value.hint
    with pytest.raises(ModelError, match="changed on disk"):
        restore_version(mine, species.version)
    assert state(species) == before


def test_a_table_changed_by_m_is_noticed(species: Species) -> None:
    write_m_particles(species.particles_path, FULL.select([0, 1]))
    with pytest.raises(ModelError, match=r"apoF_particles\.star changed on disk"):
        commit_particles(species, FULL.select([1]))


def test_of_two_at_once_one_is_told_who_the_other_is(
    species: Species, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, leave = threading.Event(), threading.Event()
    original = version_folders.archive_current

    def slow(current: Species, version: str) -> None:
        inside.set()
        leave.wait(30)
        original(current, version)

    monkeypatch.setattr(versions, "archive_current", slow)
    first = threading.Thread(target=commit_particles, args=(species, FULL.select([0])))
    first.start()
    assert inside.wait(30)
    with pytest.raises(WriteError, match=f"is being changed by process {os.getpid()}"):
        commit_particles(species, FULL.select([1]))
    leave.set()
    first.join(30)
    assert load_particles(load_species(species.path)).extra[0][1].tolist() == ["0"]


class Faults:
    """Counts the chunks written and fails at one of them."""

    def __init__(self, fail_at: int) -> None:
        self.fail_at = fail_at
        self.calls = 0

    def append(self, stream: BinaryIO, chunk: bytes | memoryview) -> None:
        self.calls += 1
        if self.calls == self.fail_at:
            stream.write(bytes(chunk)[: len(chunk) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        stream.write(chunk)


def readable(species: Species) -> list[int]:
    """Row numbers of the species' particles, which must be readable; no temporary may be left."""
    assert not list(species.folder.rglob(".*"))
    return [int(text) for text in load_particles(load_species(species.path)).extra[0][1]]


def run_with_every_fault(
    species: Species, monkeypatch: pytest.MonkeyPatch, action: Callable[[], object], reset: Callable[[], None]
) -> int:
    """Fail at the first write, then at the second, until the action succeeds; returns the failures."""
    for number in range(1, 100):
        faults = Faults(number)
        monkeypatch.setattr(files, "append_chunk", faults.append)
        try:
            action()
        except WriteError as error:
            assert "No space left" in error.message
            assert ".tmp" not in error.message, "a name that the user cannot know"
            assert faults.calls == number, "the fault did not happen where it should"
        else:
            return number - 1
        finally:
            monkeypatch.undo()
        check_whole(species)
        reset()
    raise RuntimeError("never succeeded")


def check_whole(species: Species) -> None:
    """After a failed commit the particles are the old ones or the new ones, and so is every version."""
    assert readable(species) in ([0, 1, 2, 3, 4, 5], [3, 5])
    current = load_species(species.path)
    assert current.version == compute_version(current, load_particles(current))
    for entry in list_versions(load_species(species.path)):
        assert len(load_particles(entry.species)) in (2, 6)


def test_a_full_disk_at_any_write_leaves_whole_files(
    species: Species, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = FULL.select([3, 5])
    before = state(species)

    def reset() -> None:
        shutil.rmtree(species.versions_folder, ignore_errors=True)
        assert state(species) == before, "a failed commit changed the species"

    def commit() -> Species:
        return commit_particles(load_species(species.path), wanted)

    failures = run_with_every_fault(species, monkeypatch, commit, reset)
    assert failures > 13, "the old version's seven files, six of the new one, the table and the species"
    new = load_species(species.path)
    assert readable(new) == [3, 5]
    assert new.version == compute_version(new, load_particles(new))
    assert new.previous_version == species.version
    assert names(species.versions_folder) == sorted([species.version, new.version])


def test_a_full_disk_while_restoring_leaves_whole_files(
    species: Species, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_particles(species, FULL.select([3, 5]))
    before = state(species)

    def reset() -> None:
        assert state(species) == before, "a failed undo changed the species"

    def restore() -> Species:
        return restore_version(load_species(species.path), species.version)

    failures = run_with_every_fault(species, monkeypatch, restore, reset)
    assert failures >= 3, "the plot, the table and the species"
    assert load_species(species.path).version == species.version
    assert readable(species) == [0, 1, 2, 3, 4, 5]


class Killed(BaseException):
    """Stands for a process that is gone from one moment to the next."""


@pytest.mark.parametrize("restoring", [False, True])
def test_a_crash_before_the_last_write_is_completed_by_the_next(
    species: Species, monkeypatch: pytest.MonkeyPatch, restoring: bool
) -> None:
    if restoring:
        current = commit_particles(species, FULL.select([0]))
        wanted, version = FULL, species.version
    else:
        current, wanted = species, FULL.select([0])
        version = compute_version(species, wanted)

    original = Path.replace

    def dies(temporary: Path, target: Path) -> Path:
        if target == species.path:
            raise Killed
        return original(temporary, target)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises(Killed):
        if restoring:
            restore_version(current, version)
        else:
            commit_particles(current, wanted)
    monkeypatch.undo()
    crashed = load_species(species.path)
    assert crashed.version == current.version
    assert len(load_particles(crashed)) == len(wanted)
    with pytest.raises(ModelError, match=f"loaded as version '{current.version}', now it is '{version}'"):
        commit_particles(crashed, FULL.select([1]))
    completed = load_species(species.path)
    assert (completed.version, completed.previous_version) == (version, current.version)
    assert commit_particles(completed, FULL.select([1])).previous_version == version


def test_leftovers_of_a_crash_are_removed(species: Species) -> None:
    unfinished = species.versions_folder / ".abc.1.f00.tmp"
    unfinished.mkdir(parents=True)
    (unfinished / "apoF_half1.mrc").write_bytes(b"half")
    (species.folder / ".apoF_particles.star.1.f00.tmp").write_bytes(b"half")
    commit_particles(species, FULL.select([0]))
    assert not list(species.folder.rglob(".*"))


def test_a_broken_version_keeps_nobody_from_committing(species: Species) -> None:
    folder = species.versions_folder / species.version
    folder.mkdir(parents=True)
    (folder / "any name.species").write_text("<Species>")
    new = commit_particles(species, FULL.select([0]))
    assert [entry.name for entry in list_versions(new)] == [new.version, f"{species.version}-2"]


def test_sets_of_particles_stay_what_they_were(species: Species) -> None:
    sets: list[ParticleSet] = [FULL.select(range(count)) for count in (5, 4, 3)]
    current = species
    for particles in sets:
        current = commit_particles(current, particles)
    for entry, count in zip(list_versions(current), (3, 4, 5, 6), strict=True):
        assert entry.particles == len(load_particles(entry.species)) == count
        assert entry.species.version == entry.name
