"""A full disk, a closed folder, a vanished input: the job says so, and goes on when that is cured."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.jobs import start
from mtui.jobs.events import read_events
from mtui.jobs.record import Job, read_state
from mtui.jobs.units import read_units
from mtui.settings import ExportSettings
from tests.jobs.faults import (
    Bench,
    assert_as_undisturbed,
    fault,
    leftovers,
    outputs,
    put_away,
    run_undisturbed,
    tiny_settings,
    wait_for_end,
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        yield run_undisturbed(tiny_settings(tmp_path_factory.mktemp("project")), patch)


@pytest.fixture
def bench(undisturbed: Bench) -> Iterator[Bench]:
    yield undisturbed
    put_away(undisturbed)


def resume(bench: Bench, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault(monkeypatch, bench.report):
        start.resume_job(job)
        assert_as_undisturbed(bench, job)


def begin(bench: Bench) -> Job:
    return Job(start.launch_export(bench.settings).folder)


def test_a_full_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    half = sum(len(data) for data in bench.expected.values()) // 2
    with fault(monkeypatch, bench.report, room_bytes=half):
        job = begin(bench)
        # Not even the end can be recorded, so for others the job is lost.
        assert wait_for_end(job) in ("failed", "lost")
    assert bench.report.read_text().startswith("full at ")
    assert "could not be written: No space left on device" in job.log_path.read_text()
    assert "Traceback" not in job.log_path.read_text()
    assert leftovers(bench.out) == []
    assert 0 < len(read_units(job.units_path)) < 9
    assert not bench.settings.output.exists()
    resume(bench, job, monkeypatch)


def test_a_folder_that_is_closed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bench.out / "subtomo" / "TS_3"
    with fault(monkeypatch, bench.report, what="close", path=str(folder), at=bench.operations // 3):
        job = begin(bench)
        ended = wait_for_end(job)
    if "cannot be dropped" in bench.report.read_text():
        pytest.skip("rights cannot be dropped here")
    assert (ended, bench.report.read_text()[:9]) == ("failed", "close in ")
    state = read_state(job)
    assert f"{folder}/TS_3_apo1_0000000_10.00A.mrc could not be written: Permission denied" in state.message
    assert state.exit_code == 2
    folder.chmod(0o755)
    resume(bench, job, monkeypatch)


def test_an_input_that_vanishes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    image = bench.folder / "tilts0" / "frames" / "average" / "TS_3_1.mrc"
    with fault(monkeypatch, bench.report, what="away", path=str(image), at=bench.operations // 4):
        job = begin(bench)
        assert wait_for_end(job) == "problems"
    assert bench.report.read_text().startswith("away in ")
    state = read_state(job)
    assert (state.exit_code, state.particles) == (1, 14)
    assert "1 series skipped (7 particles)" in state.message
    assert not list(bench.out.rglob("TS_3_apo1*"))
    image.with_name("TS_3_1.mrc.gone").rename(image)
    before = len(read_events(job.events_path)[0])
    resume(bench, job, monkeypatch)
    kinds = [event.kind for event in read_events(job.events_path)[0][before:]]
    # Only what failed is done: three units of one series.
    assert (kinds.count("kept"), kinds.count("unit"), kinds.count("series")) == (6, 3, 1)


def test_damaged_files_are_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault(monkeypatch, bench.report):
        job = begin(bench)
        assert wait_for_end(job) == "done"
    changed = bench.out / "subtomo" / "TS_1" / "TS_1_apo1_0000004_10.00A.mrc"
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    (bench.out / "subtomo" / "TS_2" / "TS_2_apo1_10.00A_average.mrc").unlink()
    resume(bench, job, monkeypatch)
    names = [event.series for event in read_events(job.events_path)[0] if event.kind == "series"]
    assert names == ["TS_1", "TS_2", "TS_3", "TS_1", "TS_2"]


@pytest.mark.full
def test_a_small_disk(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on a real file system that is full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "mtui-test", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        fill = disk / "fill"
        settings: ExportSettings = replace(bench.settings, output=disk / "out" / "a.star")
        with fault(monkeypatch, bench.report):
            whole = Job(start.launch_export(settings).folder)
            assert wait_for_end(whole) == "done"
            expected = outputs(disk / "out")
        size = sum(len(data) for data in expected.values())
        subprocess.run(["rm", "-r", str(disk / "out")], check=True)
        # The check of free space is passed, and then somebody else takes the space.
        with fault(monkeypatch, bench.report):
            job = Job(start.launch_export(settings).folder)
            free = os.statvfs(disk)
            with fill.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(4096, free.f_bavail * free.f_frsize - size // 2))
            assert wait_for_end(job) == "failed"
            assert "No space left on device" in read_state(job).message
            fill.unlink()
            start.resume_job(job)
            assert wait_for_end(job) == "done"
        assert outputs(disk / "out") == expected
        assert leftovers(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
