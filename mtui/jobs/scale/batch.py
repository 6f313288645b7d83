"""A Dask cluster out of jobs of a batch system, by dask-jobqueue with the user's own configuration."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import SpecCluster

CLASSES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
REPLACE_S = 5.0
"""Seconds between two looks whether jobs have to be replaced."""
KEEP_MEMORY = tuple(
    f"export DASK_DISTRIBUTED__WORKER__MEMORY__{word}=False" for word in ("TARGET", "SPILL", "PAUSE")
)
"""A worker's memory is the engine's, not results that Dask could write to disk: pausing would be for ever."""


@contextmanager
def batch_cluster(name: str, jobs: int, threads: int, refusals: list[str]) -> Iterator[SpecCluster]:
    """A cluster of this many jobs of a batch system, each replaced when it ends; all end with the block.

    What the batch system says to a job that it does not take is added to ``refusals``.

    Raises:
        ValueError: the configuration lacks something.
    """
    import dask
    import dask_jobqueue

    own = dask.config.get(f"jobqueue.{name}", {})
    cluster_class = getattr(dask_jobqueue, CLASSES[name])
    cluster = cluster_class(
        job_cls=_noting(cluster_class.job_cls, refusals),
        processes=own.get("processes") or 1,
        # The last one of several counts.
        worker_extra_args=[*(own.get("worker-extra-args") or ()), "--nthreads", str(threads)],
        job_script_prologue=[*(own.get("job-script-prologue") or ()), *KEEP_MEMORY],
    )
    with cluster, _replacing(cluster, jobs):
        yield cluster


def _noting(job_class: Any, refusals: list[str]) -> Any:
    """The same kind of job, that notes why it could not be submitted; Dask only logs it."""

    async def start(self: Any) -> None:
        try:
            await job_class.start(self)
        except (OSError, RuntimeError, ValueError) as error:
            text = str(error)
            refusals.append(" ".join((text.partition("stderr:")[2] or text).split()))
            raise

    return type(job_class.__name__, (job_class,), {"start": start})


@contextmanager
def _replacing(cluster: SpecCluster, jobs: int) -> Iterator[None]:
    """Keep this many jobs. Dask forgets one some time after its worker is gone, and then starts another."""
    ended = threading.Event()

    def keep() -> None:
        for wait in itertools.chain((0.0,), itertools.repeat(REPLACE_S)):
            if ended.wait(wait):
                return
            cluster.scale(jobs=jobs)

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
