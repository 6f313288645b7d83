"""Who does the work of an export, and what of it can be refused before the job starts; without Dask."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from urllib.parse import urlsplit

from mtui.errors import InputError
from mtui.jobs.devices import check_gpus, has_cuda, list_gpus
from mtui.settings import ExportSettings

SUBMIT_COMMANDS = {"slurm": "sbatch", "pbs": "qsub", "lsf": "bsub", "sge": "qsub"}
CONNECT_S = 5.0
PROTOCOLS = ("tcp", "tls", "ucx", "ws", "wss")


def is_scaled(settings: ExportSettings) -> bool:
    """Whether an export is done by Dask workers instead of the job's own process."""
    return bool(settings.scheduler or settings.cluster) or len(local_workers(settings)) > 1


def local_workers(settings: ExportSettings) -> tuple[int | None, ...]:
    """The GPU of each worker process on this machine; None for a worker without one of its own."""
    if settings.scheduler or settings.cluster:
        return ()
    gpus: tuple[int | None, ...] = settings.gpus or _usual_gpus()
    if not settings.workers:
        return gpus or (None,)
    count = settings.workers
    return tuple(gpus[number % len(gpus)] for number in range(count)) if gpus else (None,) * count


def _usual_gpus() -> tuple[int | None, ...]:
    """All GPUs, where this process sees them all and Dask is there to use several."""
    if "CUDA_VISIBLE_DEVICES" in os.environ or not has_cuda() or not has_dask():
        return ()
    return tuple(gpu.number for gpu in list_gpus())


def check_workers(settings: ExportSettings) -> None:
    """Refuse workers that cannot be had.

    Raises:
        InputError: options that exclude each other, no Dask, no such GPU, no command of the batch system, or
            no answer from the scheduler's address.
    """
    _refuse_contradictions(settings)
    if not settings.scheduler and not settings.cluster:
        check_gpus(settings.gpus)
    if is_scaled(settings):
        _require_dask(settings)
    if settings.cluster:
        _require_command(settings.cluster)
    if settings.scheduler:
        _require_scheduler(settings.scheduler)


def _refuse_contradictions(settings: ExportSettings) -> None:
    if settings.scheduler and settings.cluster:
        raise InputError(
            "--scheduler joins a cluster that runs, --cluster starts one; both together are not possible.",
            "Give one of them.",
        )
    if settings.scheduler and settings.workers:
        raise InputError(
            "--workers has no meaning with --scheduler: that cluster has its workers.", "Leave it out."
        )
    if settings.gpus is not None and (settings.scheduler or settings.cluster):
        raise InputError(
            "--gpus chooses devices of this machine; workers of a cluster use those that they were given.",
            "Leave it out; ask for GPUs in your Dask configuration.",
        )


def has_dask() -> bool:
    """Whether the extra for several workers is installed."""
    return importlib.util.find_spec("distributed") is not None


def _require_dask(settings: ExportSettings) -> None:
    package = "dask_jobqueue" if settings.cluster else "distributed"
    if importlib.util.find_spec(package) is None:
        raise InputError(
            f"Several workers need Dask, and {package} is not installed.",
            "Install it: pip install 'mtui[cluster]'",
        )


def _require_command(cluster: str) -> None:
    command = SUBMIT_COMMANDS[cluster]
    if shutil.which(command) is None:
        raise InputError(
            f"There is no {command} on this machine, so it cannot submit jobs to {cluster}.",
            "Start the export on a machine that can.",
        )


def _require_scheduler(address: str) -> None:
    place = _host_and_port(address)
    if place is None:
        raise InputError(
            f"{address!r} is not the address of a Dask scheduler.", "It looks like tcp://node1:8786."
        )
    try:
        socket.create_connection(place, CONNECT_S).close()
    except OSError as error:
        raise InputError(
            f"No Dask scheduler answers at {address}: {error.strerror or error}.",
            "Start one there (dask scheduler), or correct the address.",
        ) from error


def _host_and_port(address: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port) if parts.scheme in PROTOCOLS and host and port else None
