"""Bad input gets one paragraph that names file, place and value; nothing is half-written."""

from __future__ import annotations

import ctypes
import errno
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtui.cli.main import main
from mtui.formats import files
from mtui.jobs import worker
from mtui.jobs.record import create_job, read_state
from mtui.settings import ExportSettings
from tests.tiny import TinyProject, write_tiny

Damage = Callable[[TinyProject], object]


def edit(path: Path, pattern: str, replacement: str, count: int = 1) -> None:
    """Replace what a pattern finds, and insist that there was something."""
    text, found = re.subn(pattern, replacement, path.read_text(encoding="utf-8-sig"), count=count)
    assert found
    path.write_text(text)


def truncate(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def last_row(project: TinyProject, change: Callable[[list[str]], list[str]]) -> None:
    """Change the values of the particle table's last row."""
    lines = project.particles.read_text().rstrip("\n").split("\n")
    lines[-1] = "  ".join(change(lines[-1].split()))
    project.particles.write_text("\n".join(lines) + "\n")


def no_rows(project: TinyProject) -> None:
    lines = project.particles.read_text().split("\n")
    project.particles.write_text("\n".join(line for line in lines if not line.startswith(" ")))


LINE = r"apo1_particles\.star, line \d+"
CASES: dict[str, tuple[Damage, str]] = {
    "missing population": (lambda p: p.population.unlink(), r"tiny\.population does not exist"),
    "missing species": (
        lambda p: p.species.unlink(),
        r"lists the species .*apo1\.species, which does not exist",
    ),
    "missing source": (
        lambda p: p.sources[0].unlink(),
        r"lists the source .*source0\.source, which does not exist",
    ),
    "missing table": (
        lambda p: p.particles.unlink(),
        r"has no particle table: .*apo1_particles\.star does not exist",
    ),
    "missing XML": (lambda p: p.xml("TS_1").unlink(), r"TS_1\.xml does not exist"),
    "missing average": (lambda p: p.average("TS_1", 1).unlink(), r"1 of 3 averages .*TS_1_1\.mrc.*--remap"),
    "GUID of the species": (
        lambda p: edit(p.species, "37374521", "17374521"),
        r"apo1\.species with the GUID 37374521-[-0-9a-f]+, but that file says 17374521",
    ),
    "GUID of the source": (
        lambda p: edit(p.sources[0], r'"GUID" Value="[0-9a-f]{8}', '"GUID" Value="00000000'),
        r"source0\.source with the GUID .* that file says 00000000",
    ),
    "no GUID at all": (
        lambda p: edit(p.species, "37374521-786e", "monday"),
        r"GUID is 'monday.*must be a GUID",
    ),
    "truncated population": (lambda p: truncate(p.population), r"tiny\.population, line \d+, .*truncated"),
    "truncated species": (lambda p: truncate(p.species), r"apo1\.species, line \d+, .*truncated"),
    "truncated source": (lambda p: truncate(p.sources[0]), r"source0\.source, line \d+, .*truncated"),
    "truncated XML": (lambda p: truncate(p.xml("TS_1")), r"TS_1\.xml, line \d+, .*truncated"),
    "truncated average": (lambda p: truncate(p.average("TS_1")), r"TS_1_0\.mrc is truncated"),
    "another file instead of the average": (
        lambda p: p.average("TS_1").write_text("x" * 5000),
        r"TS_1_0\.mrc (is not an MRC file|has MRC mode)",
    ),
    "tilt-count mismatch": (
        lambda p: edit(p.xml("TS_1"), r"<Dose>[-.\d]+\n", "<Dose>"),
        r"TS_1\.xml.*Dose.*2.*3",
    ),
    "comma decimals in XML": (
        lambda p: edit(p.sources[0], 'PixelSize" Value="10"', 'PixelSize" Value="10,5"'),
        r"PixelSize is '10,5'.*decimal comma",
    ),
    "negative pixel in the source": (
        lambda p: edit(p.sources[0], 'PixelSize" Value="10"', 'PixelSize" Value="-1"'),
        r"PixelSize is '-1'",
    ),
    "ragged row": (lambda p: last_row(p, lambda row: row[:-1]), LINE + r".*\d+ values?.*\d+ columns"),
    "non-numeric cell": (
        lambda p: last_row(p, lambda row: ["abc", *row[1:]]),
        LINE + r".*wrpCoordinateX1.*'abc'",
    ),
    "comma decimals": (lambda p: last_row(p, lambda row: ["1,5", *row[1:]]), LINE + r".*'1,5'.*comma"),
    "duplicate column": (
        lambda p: edit(p.particles, "_wrpCoordinateY1", "_wrpCoordinateX1"),
        LINE + r".*wrpCoordinateX1.*twice",
    ),
    "no particles": (no_rows, r"apo1_particles\.star"),
}


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", CASES)
def test_export_refuses(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage, message = CASES[name]
    project = write_tiny(tmp_path)
    damage(project)
    before = files_below(tmp_path)
    words = [
        "export",
        str(project.population),
        "apo 1",
        "--box",
        "8",
        "--output",
        str(tmp_path / "out" / "a.star"),
    ]
    assert main(words) == 2
    shown = capsys.readouterr()
    error = next(line for line in shown.err.splitlines() if line.startswith("mtui: "))
    assert re.search(message, error), error
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert files_below(tmp_path) == before


CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2


def obey_permissions() -> None:
    """Take root's right to write anywhere from this process and its children; others never had it."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for right in (DAC_OVERRIDE, DAC_READ_SEARCH):
            if library.prctl(CAPBSET_DROP, right, 0, 0, 0):
                os._exit(99)


def run_python(words: list[str], state: Path) -> subprocess.CompletedProcess[str]:
    """Run Python as somebody who may not write everywhere, which the suite itself may."""
    return subprocess.run(
        [sys.executable, "-P", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=obey_permissions,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )


def test_a_closed_folder_is_refused_and_an_open_one_works(tmp_path: Path) -> None:
    project = write_tiny(tmp_path / "project")
    closed, mine, state = tmp_path / "closed", tmp_path / "mine", tmp_path / "state"
    closed.mkdir()
    for folder in (closed, project.folder):
        folder.chmod(0o555)
    fault = run_python(["-c", f"open({str(closed / 'x')!r}, 'w')"], state)
    if fault.returncode == 99:
        pytest.skip("rights cannot be dropped here")
    assert "PermissionError" in fault.stderr, "the fault must really occur"
    common = ["-m", "mtui", "export", str(project.population), "apo1", "--box", "8", "--output"]
    refused = run_python([*common, str(closed / "new" / "a.star")], state)
    assert refused.returncode == 2, refused.stderr
    assert f"{closed / 'new'} cannot be written: no permission in {closed}." in refused.stderr
    # The population's folder is closed too, so the job lives in the user's own folder.
    done = run_python([*common, str(mine / "a.star")], state)
    assert done.returncode == 0, done.stderr
    assert (mine / "a.star").is_file()
    assert len(list(state.glob("mtui/jobs/tiny_*/1/state.json"))) == 1
    assert not (project.folder / ".mtui").exists()
    project.folder.chmod(0o755)


def test_a_disk_that_fills_up_ends_the_job_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_tiny(tmp_path)
    settings = ExportSettings(project.population, "apo1", tmp_path / "out" / "a.star", box=8)
    job = create_job(settings, time.time())
    faults: list[str] = []
    append = files.append_chunk

    def fill_up(stream: Any, chunk: Any) -> None:
        if ".mrc" in str(stream.name):
            faults.append(stream.name)
            raise OSError(errno.ENOSPC, "No space left on device")
        append(stream, chunk)

    monkeypatch.setattr(files, "append_chunk", fill_up)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(worker, "_answer", lambda begun: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert worker.main([str(job.folder)]) == 2
    assert faults
    state = read_state(job)
    assert state.status == "failed"
    assert re.search(
        r"apo1_0000000_10\.00A\.mrc could not be written: No space left on device", state.message
    )
    assert "Free some space" in state.hint
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
