"""An export over a real Slurm, one worker cancelled on the way: ``python -m tests.slurm``.

Exit code 0: the bytes are those of a local export, or Slurm cannot be had here (a sentence says why); else 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from mtui.demo.project import DemoProject, write_demo
from mtui.jobs.events import Event, read_events
from mtui.jobs.record import Job, list_jobs, read_state
from tests.slurm.slurmd import Slurm, Unavailable, require_programs, running_slurm, wait_for

SPECIES = "anchor"
EXPORT_S = 150.0
JOBS = 2
DASK = """\
jobqueue:
  slurm:
    cores: 1
    memory: 3GB
    queue: debug
    walltime: "00:10:00"
    interface: lo
    local-directory: {folder}
    log-directory: {folder}
"""


@dataclass(slots=True)
class Report:
    """What was seen, printed as it is seen."""

    begun: float = field(default_factory=time.monotonic)
    good: bool = True

    def say(self, text: str) -> None:
        """A line with the seconds since the start."""
        print(f"[{time.monotonic() - self.begun:5.1f} s] {text}", flush=True)

    def judge(self, text: str, is_so: bool) -> None:
        """A line with a verdict."""
        self.good = self.good and is_so
        self.say(f"{'ok  ' if is_so else 'FAIL'} {text}")


def main() -> int:
    """Run it, and return the exit code."""
    report = Report()
    try:
        require_programs()
    except Unavailable as reason:
        report.say(f"The export over Slurm is skipped: {reason}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="mtui-slurm-") as name:
        folder = Path(name)
        project = write_demo(folder / "demo")
        report.say(f"The demo project is written; exporting {SPECIES!r} on this machine.")
        local = subprocess.run(_command(project, "local"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        report.judge(f"local export, exit code {local.returncode}", local.returncode == 0)
        with running_slurm(folder / "slurm") as slurm:
            report.say("Slurm runs:")
            print(slurm.ask("sinfo", "--Node", "--long"), flush=True)
            export_on_slurm(project, slurm, report)
        compare(project, report)
    report.say("All is as it should be." if report.good else "Something is not as it should be.")
    return 0 if report.good else 1


def export_on_slurm(project: DemoProject, slurm: Slurm, report: Report) -> None:
    """Export with two batch jobs, and cancel one of them while it works."""
    settings = slurm.folder / "dask"
    settings.mkdir()
    (settings / "jobqueue.yaml").write_text(DASK.format(folder=settings))
    before = len(list_jobs(project.population))
    words = [*_command(project, "slurm"), "--cluster", "slurm", "--workers", str(JOBS)]
    report.say(f"$ {' '.join(['mtui', *words[3:]])}")
    export = subprocess.Popen(
        words,
        # Nothing compiled is there yet, so that the first units take a few seconds.
        env=dict(slurm.environment, DASK_CONFIG=str(settings), XDG_CACHE_HOME=str(slurm.folder / "cache")),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: len(list_jobs(project.population)) > before, "the job has begun")
        job = list_jobs(project.population)[0]
        # A worker computes one series at a time: with two series open, both have one in hand.
        wait_for(lambda: _open_series(job) >= JOBS, "both workers compute", EXPORT_S)
        cancelled = _cancel_one(slurm, job, report)
        _, errors = export.communicate(timeout=EXPORT_S)
    finally:
        export.kill()
    for line in errors.splitlines()[-12:]:
        print(f"          | {line[-150:]}")
    report.judge(f"export on Slurm, exit code {export.returncode}", export.returncode == 0)
    state = read_state(job)
    report.judge(f"state {state.status}: {state.message}", state.status == "done")
    warnings = [event.text for event in read_events(job.events_path)[0] if event.kind == "warning"]
    report.judge("the cancelled worker was missed", any("is gone" in text for text in warnings))
    _show_devices(job, report)
    wait_for(lambda: cancelled not in slurm.running_jobs(), "the cancelled job is gone")
    report.judge("no batch job is left", not slurm.running_jobs())


def _cancel_one(slurm: Slurm, job: Job, report: Report) -> str:
    print(slurm.ask("squeue"), flush=True)
    jobs = slurm.running_jobs()
    report.say(f"{len(_units(job))} units are on disk, {_open_series(job)} series are being computed.")
    number = sorted(jobs)[0]
    slurm.ask("scancel", number)
    report.say(f"scancel {number} (on {jobs[number]})")
    return number


def _show_devices(job: Job, report: Report) -> None:
    counts: dict[str, int] = {}
    for event in _units(job):
        counts[event.device] = counts.get(event.device, 0) + 1
    for device, count in sorted(counts.items()):
        report.say(f"{count} units by {device}")


def _open_series(job: Job) -> int:
    events = read_events(job.events_path)[0]
    return sum(event.kind == "series" for event in events) - sum(event.series_count for event in events[1:])


def _units(job: Job) -> list[Event]:
    return [event for event in read_events(job.events_path)[0] if event.kind == "unit"]


def compare(project: DemoProject, report: Report) -> None:
    """Compare both exports byte by byte."""
    local, slurm = (_tree(project.folder / name) for name in ("local", "slurm"))
    report.judge(f"the same {len(local)} files", bool(local) and local.keys() == slurm.keys())
    different = [name for name in local if local[name] != slurm.get(name)]
    size = sum(len(data) for data in local.values())
    report.judge(f"the same bytes, {size:,} of them; {len(different)} files differ", not different)
    report.judge("no temporary files", not any(name.endswith(".tmp") for name in slurm))


def _command(project: DemoProject, name: str) -> list[str]:
    output = project.folder / name / f"{SPECIES}.star"
    words = ["export", str(project.population), SPECIES, "--output", str(output)]
    return [sys.executable, "-m", "mtui", *words]


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
