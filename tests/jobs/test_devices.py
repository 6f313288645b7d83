"""Devices are asked of the driver's program, never of JAX."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from mtui.errors import InputError
from mtui.jobs import devices
from mtui.jobs.devices import Gpu, check_gpus, list_gpus, worker_environment

ANSWER = "0, NVIDIA H200, 143771, 512\n1, NVIDIA H200, 143771, 90000\ngarbage\n"


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_arguments: Any, **_options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, ANSWER, "")

    monkeypatch.setattr(subprocess, "run", answer)
    monkeypatch.setattr(devices, "has_cuda", lambda: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "QUERY", ("there-is-no-such-program",))


@pytest.mark.usefixtures("two_gpus")
def test_gpus_are_listed() -> None:
    assert list_gpus() == (Gpu(0, "NVIDIA H200", 143771, 512), Gpu(1, "NVIDIA H200", 143771, 90000))


@pytest.mark.usefixtures("two_gpus")
def test_a_job_sees_one_gpu() -> None:
    check_gpus((1,))
    assert worker_environment((1,))["CUDA_VISIBLE_DEVICES"] == "1"
    assert worker_environment(None)["CUDA_VISIBLE_DEVICES"] == "0"


@pytest.mark.usefixtures("two_gpus")
def test_the_users_choice_of_devices_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert worker_environment(None)["CUDA_VISIBLE_DEVICES"] == "1"


@pytest.mark.usefixtures("two_gpus")
def test_what_is_not_there_is_refused() -> None:
    check_gpus((0, 1))
    with pytest.raises(InputError, match=r"GPU 2 does not exist .* 0 \(NVIDIA H200\), 1 \(NVIDIA H200\)"):
        check_gpus((2,))


@pytest.mark.usefixtures("no_driver")
def test_without_a_driver_there_are_no_gpus() -> None:
    assert list_gpus() == ()
    check_gpus(None)
    with pytest.raises(InputError, match=r"GPU 0 does not exist on this machine; its GPUs are: none\."):
        check_gpus((0,))


@pytest.mark.usefixtures("two_gpus")
def test_jax_without_cuda_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "has_cuda", lambda: False)
    with pytest.raises(InputError, match=r"CUDA plugin is not installed.*mtui\[cuda\]"):
        check_gpus((0,))
