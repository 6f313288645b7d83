"""Dask clusters: one that runs, one out of a batch system's jobs, one of processes on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from mtui.errors import JobError
from mtui.jobs.scale.batch import batch_cluster
from mtui.jobs.scale.choice import local_workers
from mtui.jobs.scale.crew import DaskCrew, Place
from mtui.jobs.wording import plural
from mtui.settings import ExportSettings

if TYPE_CHECKING:
    from distributed import SpecCluster

CONNECT_S = 30.0
ENDING_S = 60.0
"""Processes of a batch system live a little longer than this run, those of a cluster that was joined do."""
WORKER_THREADS = 2
"""One computes while the other one loads the next series."""
KEPT_MESSAGES = 20
"""Last messages that a scheduler of ours keeps for each worker and topic; a piece of work is one of them."""
CONFIGURATION = "https://jobqueue.dask.org/en/latest/configuration.html"


def crew_for(settings: ExportSettings) -> DaskCrew:
    """The crew that an export's settings ask for."""
    return DaskCrew(lambda: open_place(settings), describe(settings))


def describe(settings: ExportSettings) -> str:
    """The cluster in words."""
    if settings.scheduler:
        return settings.scheduler
    if settings.cluster:
        return f"{plural(settings.workers or 1, 'job')} of {settings.cluster}"
    return f"{plural(len(local_workers(settings)), 'process', 'processes')} on this machine"


@contextmanager
def open_place(settings: ExportSettings) -> Iterator[Place]:
    """Join or start the cluster; what was started ends with the block.

    Raises:
        JobError: the cluster cannot be started or does not answer.
    """
    with ExitStack() as held:
        try:
            place = _enter(settings, held)
        except (OSError, ValueError, RuntimeError) as error:
            raise JobError(
                f"{describe(settings)}: {' '.join(str(error).split())}.",
                f"Your Dask configuration may have to be changed, see {CONFIGURATION}."
                if settings.cluster
                else "",
            ) from error
        yield place


def _enter(settings: ExportSettings, held: ExitStack) -> Place:
    import dask
    from distributed import Client

    # Dask sets it to INFO when it is imported.
    logging.getLogger("distributed").setLevel(logging.WARNING)
    dask.config.set({"distributed.admin.low-level-log-length": KEPT_MESSAGES})
    refusals: list[str] = []
    jobs = (settings.workers or 1) if settings.cluster else 0
    if settings.scheduler:
        target: SpecCluster | str = settings.scheduler
    elif settings.cluster:
        target = held.enter_context(batch_cluster(settings.cluster, jobs, WORKER_THREADS, refusals))
    else:
        target = held.enter_context(_local_cluster(local_workers(settings)))
    client = held.enter_context(Client(target, timeout=CONNECT_S, set_as_default=False))
    lives_on = bool(settings.scheduler or settings.cluster)
    return Place(client, jobs, refusals, ENDING_S if lives_on else 0.0)


def _local_cluster(gpus: tuple[int | None, ...]) -> SpecCluster:
    from distributed import Nanny, Scheduler, Security, SpecCluster

    # Who can talk to a scheduler can run programs, and other users are on this machine: keys for this run.
    security = Security.temporary()
    common = {"host": "127.0.0.1", "security": security, "protocol": "tls://", "dashboard": False}
    workers = {
        number: {"cls": Nanny, "options": {**common, **_worker_options(gpu, gpus.count(gpu))}}
        for number, gpu in enumerate(gpus)
    }
    scheduler = {"cls": Scheduler, "options": {**common, "port": 0, "dashboard_address": ":0"}}
    return SpecCluster(workers=workers, scheduler=scheduler, security=security)


def _worker_options(gpu: int | None, sharing: int) -> dict[str, Any]:
    environment = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": str(gpu)}
    if gpu is not None and sharing > 1:
        # JAX takes three quarters of a GPU's memory when it starts.
        environment["XLA_PYTHON_CLIENT_MEM_FRACTION"] = f"{0.75 / sharing:.2f}"
    return {
        "nthreads": WORKER_THREADS,
        "memory_limit": 0,
        "silence_logs": logging.WARNING,
        "env": environment,
    }
