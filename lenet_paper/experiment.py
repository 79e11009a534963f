"""What an experiment is: its name, its settings, its jobs, and what one job does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from lenet.predictions import Predictions

ResultRow = dict  # of results/NAME.json


class Job(NamedTuple):
    """One row to be made: what tells it from the other rows, and what `Experiment.work` takes."""

    key: ResultRow
    given: tuple = ()


class Outcome(NamedTuple):
    """What a job found: the rest of its row, and what is to be kept in files beside it."""

    row: ResultRow
    said: Predictions | None = None
    network: nn.Module | None = None
    kept_as: str = ""  # the name of these files, before the seed


@dataclass(frozen=True)
class Experiment:
    """One experiment of the book, run by ``python -m lenet reproduce NAME``.

    ``jobs`` takes the rows that are there and gives all jobs that can be named now, those of the
    rows that are there too; an experiment in stages names more when the first stage is done.
    ``work`` is a function of a module, for it may run in another process, on one thread. What it
    needs of other experiments it reads from results/, on a cluster too.
    """

    name: str
    about: str  # what it measures, in one line
    settings: dict  # whatever decides the numbers
    jobs: Callable[[list[ResultRow]], Iterable[Job]]
    work: Callable[..., Outcome]
    needs: tuple[str, ...] = ()  # the experiments whose results it reads
    alone: bool = False  # it measures time: one job at a time
