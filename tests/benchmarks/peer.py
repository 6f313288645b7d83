"""The peer (warpylib) in a process of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from tests.benchmarks.workload import Particles

BATCHES = {"cpu": (1, 4, 16), "cuda": (16, 64, 128)}


@dataclass(frozen=True)
class Peer:
    """The peer's process."""

    requests: IO[str]
    answers: IO[str]
    batches: tuple[int, ...]  # particles per call that are worth trying

    def seconds(self, box_px: int, particles: Particles, prerotate: bool, batch: int) -> tuple[float, float]:
        """Seconds, and seconds of all processors, for volumes and 3D CTFs of all particles."""
        request = {
            "box": box_px,
            "batch": batch,
            "prerotate": prerotate,
            "positions_ang": particles.positions_ang.tolist(),
            "angles_deg": particles.angles_deg.tolist(),
        }
        self.requests.write(json.dumps(request) + "\n")
        self.requests.flush()
        answer = json.loads(self.answers.readline())
        return float(answer["seconds"]), float(answer["processor_seconds"])

    def best_batch(self, box_px: int, particles: Particles, prerotate: bool) -> int:
        """Particles per call with which it is fastest; warms it up, too."""
        self.seconds(box_px, particles, prerotate, self.batches[-1])
        return min(self.batches, key=lambda batch: self.seconds(box_px, particles, prerotate, batch)[0])


@contextmanager
def running_peer(
    venv: Path, xml: Path, images: np.ndarray, device: str = "cpu", threads: int = 2
) -> Iterator[Peer]:
    """Start the peer's worker with the same images."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        worker = Path(__file__).with_name("peer_worker.py")
        command: list[str | Path] = [venv / "bin" / "python", worker, xml, Path(folder) / "images.npy"]
        command += ["--device", device, "--threads", str(threads)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdout.readline()
            yield Peer(process.stdin, process.stdout, BATCHES[device])
            process.stdin.close()
