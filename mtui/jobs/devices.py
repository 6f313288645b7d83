"""Which GPUs this machine has, asked of the driver's own program: neither app nor command line load JAX."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from dataclasses import dataclass

from mtui.errors import InputError

QUERY = ("nvidia-smi", "--query-gpu=index,name,memory.total,memory.used", "--format=csv,noheader,nounits")
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device."""

    number: int
    name: str
    total_mb: int
    used_mb: int


def list_gpus() -> tuple[Gpu, ...]:
    """The GPUs of this machine; none where there is no driver or it does not answer."""
    try:
        answer = subprocess.run(
            QUERY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(gpu for line in answer.stdout.splitlines() if (gpu := _parse(line)) is not None)


def _parse(line: str) -> Gpu | None:
    try:
        number, name, total, used = (part.strip() for part in line.split(","))
        return Gpu(int(number), name, int(total), int(used))
    except ValueError:
        return None


def check_gpus(wanted: tuple[int, ...] | None) -> None:
    """Refuse devices that are not there or cannot be used.

    Raises:
        InputError: a GPU that this machine does not have, or JAX without CUDA.
    """
    if wanted is None:
        return
    known = list_gpus()
    numbers = {gpu.number for gpu in known}
    listed = ", ".join(f"{gpu.number} ({gpu.name})" for gpu in known) or "none"
    for number in wanted:
        if number not in numbers:
            raise InputError(
                f"GPU {number} does not exist on this machine; its GPUs are: {listed}.",
                "Correct --gpus, or leave it out.",
            )
    if not has_cuda():
        raise InputError(
            "JAX cannot use a GPU: its CUDA plugin is not installed.", "Install it: pip install 'mtui[cuda]'"
        )


def has_cuda() -> bool:
    """Whether JAX's CUDA plugin is installed."""
    return any(importlib.util.find_spec(f"jax_cuda{version}_plugin") for version in (12, 13))


def worker_environment(gpus: tuple[int, ...] | None) -> dict[str, str]:
    """The environment of a job's process, which sees only the devices it may use.

    One process computes on one device, so of several devices JAX is shown the first; it would reserve memory
    on all of them otherwise.
    """
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    if gpus is not None:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(str(number) for number in gpus)
    elif "CUDA_VISIBLE_DEVICES" not in environment and len(list_gpus()) > 1 and has_cuda():
        environment["CUDA_VISIBLE_DEVICES"] = "0"
    return environment
