"""Independent jobs side by side: on the cores of this machine, or on a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits


def spread(
    work: Callable, jobs: Sequence[tuple], count: int | None = None, dask: str | None = None
) -> Iterator[tuple[int, Any]]:
    """``work(*job)`` for each of the ``jobs``, each on one thread: its number and what it gave.

    They come as soon as they are done. ``count`` jobs run at a time, or as many as there are cores.
    ``dask`` is the address of the scheduler of a Dask cluster; a job whose worker dies is run again
    on another. Raises ``RuntimeError`` without the package for that, and ``OSError`` when no
    scheduler is there.
    """
    with ExitStack() as stack:
        if dask:
            stack.enter_context(client(dask))
            stack.enter_context(parallel_config("dask"))
        run = Parallel(n_jobs=count or -1, batch_size=1, return_as="generator_unordered")
        yield from run(delayed(on_one_thread)(work, number, job) for number, job in enumerate(jobs))


def on_one_thread(work: Callable, number: int, job: tuple) -> tuple[int, Any]:
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return number, work(*job)


def client(address: str):
    try:
        from distributed import Client
    except ImportError as problem:
        message = "--dask needs the package distributed: install the extra lenet[cluster]"
        raise RuntimeError(message) from problem
    return Client(address, timeout="10s")
