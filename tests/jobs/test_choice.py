"""Who does the work, and what is refused before a job starts."""

from __future__ import annotations

import importlib.util
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from mtui.errors import InputError
from mtui.jobs.devices import Gpu
from mtui.jobs.scale import choice
from mtui.jobs.scale.choice import check_workers, is_scaled, local_workers
from mtui.settings import ExportSettings

PLAIN = ExportSettings(Path("a.population"), "apo", Path("a.star"))


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(choice, "has_cuda", lambda: True)
    monkeypatch.setattr(choice, "list_gpus", lambda: (Gpu(0, "H100", 1, 0), Gpu(1, "H100", 1, 0)))


def test_the_job_itself_works_where_there_is_one_device() -> None:
    assert not is_scaled(PLAIN)
    assert not is_scaled(replace(PLAIN, workers=1))
    assert not is_scaled(replace(PLAIN, gpus=(3,)))
    assert local_workers(replace(PLAIN, workers=2)) == (None, None)


@pytest.mark.usefixtures("two_gpus")
def test_every_gpu_has_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_workers(PLAIN) == (0, 1)
    assert local_workers(replace(PLAIN, gpus=(1, 3))) == (1, 3)
    assert local_workers(replace(PLAIN, workers=3)) == (0, 1, 0)
    assert not is_scaled(replace(PLAIN, workers=1))
    monkeypatch.setattr(choice, "has_dask", lambda: False)
    assert not is_scaled(PLAIN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scheduler": "tcp://a:1", "cluster": "slurm"}, "--scheduler joins .* --cluster starts"),
        ({"scheduler": "tcp://a:1", "workers": 2}, "--workers has no meaning with --scheduler"),
        ({"cluster": "slurm", "gpus": (0,)}, "--gpus chooses devices of this machine"),
        ({"scheduler": "node1:8786"}, "'node1:8786' is not the address of a Dask scheduler"),
        ({"scheduler": "tcp://node1"}, "is not the address"),
        ({"scheduler": "tcp://node1:port"}, "is not the address"),
        ({"scheduler": "tcp://[node1:8786"}, "is not the address"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_workers(replace(PLAIN, **change))  # type: ignore[arg-type]


def test_a_scheduler_has_to_answer() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(InputError, match=r"No Dask scheduler answers at tcp://127.0.0.1:\d+"):
            check_workers(replace(PLAIN, scheduler=address))
        listening.listen()
        check_workers(replace(PLAIN, scheduler=address))


def test_a_batch_system_has_to_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="There is no sbatch on this machine"):
        check_workers(replace(PLAIN, cluster="slurm"))


def test_dask_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"dask_jobqueue is not installed.*mtui\[cluster\]"):
        check_workers(replace(PLAIN, cluster="pbs"))
    with pytest.raises(InputError, match="distributed is not installed"):
        check_workers(replace(PLAIN, workers=2))
