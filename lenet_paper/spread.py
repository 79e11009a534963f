"""Independent jobs side by side: on the cores of this machine, or on a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

Done = Iterator[tuple[int, Any]]  # the number of a job, and what it gave


def spread(
    work: Callable, jobs: Sequence[tuple], count: int | None = None, dask: str | None = None
) -> Done:
    """``work(*job)`` for each of the ``jobs``, each on one thread: its number and what it gave.

    They come as soon as they are done. ``count`` jobs run at a time, or as many as there are cores;
    on a Dask cluster, whose scheduler is at the address ``dask``, as many as it has workers for.
    Raises ``RuntimeError`` when a process is killed.
    """
    if dask:
        yield from on_a_cluster(work, jobs, dask)
        return
    run = Parallel(n_jobs=count or -1, batch_size=1, return_as="generator_unordered")
    try:
        yield from run(delayed(on_one_thread)(work, *job) for job in enumerate(jobs))
    except BrokenProcessPool as problem:
        message = "a process was killed, perhaps for want of memory; the same command goes on"
        raise RuntimeError(message) from problem


def on_a_cluster(work: Callable, jobs: Sequence[tuple], address: str) -> Done:
    """A job whose worker dies is run again on another.

    Raises ``RuntimeError`` without the package for that, ``OSError`` when no scheduler is there.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as problem:
        message = "--dask needs the package distributed: install the extra lenet[cluster]"
        raise RuntimeError(message) from problem
    with Client(address, timeout="10s") as client:
        runs = [client.submit(on_one_thread, work, *job, pure=False) for job in enumerate(jobs)]
        yield from (given for _, given in as_completed(runs, with_results=True))


def on_one_thread(work: Callable, number: int, job: tuple) -> tuple[int, Any]:
    """``work(*job)``, and its number."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return number, work(*job)
