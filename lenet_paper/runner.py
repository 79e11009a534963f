"""Run an experiment: the rows that are missing, side by side, each written as soon as it is done.

`run_again` runs rows anew into a folder of their own and compares them with the published ones.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from lenet import results
from lenet.files import reserve
from lenet.sources import watched
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow
from lenet_paper.kept import keep_network, keep_predictions
from lenet_paper.record import Record, find, made_by
from lenet_paper.spread import spread

MADE_BY = ("seconds", "commit", "versions", "machine")  # may differ where nothing else does


@dataclass(frozen=True)
class Selection:
    """Which rows to run, and where."""

    rows: Sequence[str] = ()  # by a word of their keys; all rows if there are none
    seed: int | None = None
    jobs: int | None = None  # side by side; one for each core if not given
    dask: str | None = None  # the address of a scheduler

    def of(self, experiment: Experiment, rows: list[ResultRow]) -> list[Job]:
        """The jobs that are chosen. Raises ``ValueError`` for a row or seed that there is not."""
        jobs = list(experiment.jobs(rows))
        names = dict.fromkeys(name for job in jobs for name in words(job.key))
        for row in self.rows:
            if row not in names:
                choice = f"choose from {', '.join(names)}" if names else "its rows have no names"
                raise ValueError(f"{experiment.name} has no row {row}: {choice}")
        named = [job for job in jobs if not self.rows or set(self.rows) & set(words(job.key))]
        seeds = sorted({job.key["seed"] for job in named if "seed" in job.key})
        if self.seed is not None and self.seed not in seeds:
            which = f" of {' or '.join(self.rows)}" if self.rows else ""
            choice = f"choose from {', '.join(map(str, seeds))}" if seeds else "it has none"
            raise ValueError(f"{experiment.name} has no seed {self.seed}{which}: {choice}")
        return [job for job in named if self.seed in (None, job.key.get("seed"))]


def words(key: ResultRow) -> list[str]:
    """What a row may be called by."""
    return [value for value in key.values() if isinstance(value, str)]


def run_missing(experiment: Experiment, selection: Selection) -> None:
    """Run the chosen rows that have no result yet, and add them to results/NAME.json."""
    record = Record(experiment.name, experiment.settings)
    ran = run_selected(experiment, selection, record)
    if not ran:
        command = f"python -m lenet reproduce {experiment.name} --again"
        print(f"nothing to run: the rows are there; {command} runs them anew beside these")
    print(f"{ran} rows run; results: {record.path}")


def run_again(experiment: Experiment, selection: Selection) -> None:
    """Run the chosen rows anew, into a new folder here, and print each beside its published one.

    Raises ``FileNotFoundError`` when none are published, ``ValueError`` when other settings are.
    """
    results.load(experiment.name)
    published = Record(experiment.name, experiment.settings).rows
    folder = Path.cwd() / time.strftime(f"again-{experiment.name}-%Y%m%d-%H%M%S")
    record = Record(experiment.name, experiment.settings, folder=folder)
    ran = run_selected(experiment, selection, record, published)
    print(f"{ran} rows run; results: {record.path}")


def run_selected(
    experiment: Experiment,
    selection: Selection,
    record: Record,
    published: list[ResultRow] | None = None,
) -> int:
    """Run what ``record`` lacks of the selection, stage by stage; how many rows that were.

    With ``published`` rows the later stages are those that these rows led to.
    """
    if experiment.alone and (selection.dask or selection.jobs not in (None, 1)):
        raise ValueError(f"{experiment.name} measures time: it runs here, one row at a time")
    count = 1 if experiment.alone else selection.jobs
    ran, folder = 0, record.path.parent
    while True:
        chosen = selection.of(experiment, record.rows if published is None else published)
        todo = [job for job in chosen if not record.find(**job.key)]
        if not todo:
            return ran
        reserve(record.path, overwrite=True)  # better now than after the first row
        about = duration(experiment, todo, 1 if selection.dask else count or os.cpu_count() or 1)
        print(f"{len(todo)} of {len(chosen)} rows to do{about}; into {folder}", flush=True)
        work = [(experiment.work, job.given, experiment.needs) for job in todo]
        done = spread(worked, work, count, selection.dask)
        for number, (outcome, by) in tqdm(done, total=len(todo), unit="row", disable=not watched()):
            key = todo[number].key
            keep = partial(keep_beside, outcome, experiment.name, key.get("seed", 0), folder)
            ran += record.add(key, outcome.row, by, keep)
            with tqdm.external_write_mode():
                print(in_a_line(key, outcome.row, find(published or [], key)), flush=True)


def worked(
    work: Callable[..., Outcome], given: tuple, needs: tuple[str, ...]
) -> tuple[Outcome, ResultRow]:
    """What one job found, and by which code and machine: those of the process that does it."""
    by = made_by()
    try:
        return work(*given), by
    except FileNotFoundError as problem:
        if not needs:
            raise
        raise FileNotFoundError(f"{problem}; run {' and '.join(needs)} first") from problem


def keep_beside(outcome: Outcome, name: str, seed: int, folder: Path) -> None:
    """Write what an outcome keeps in files beside its row."""
    if outcome.said is not None:
        keep_predictions(outcome.said, outcome.kept_as or name, seed, folder)
    if outcome.network is not None:
        keep_network(outcome.network, outcome.kept_as or name, seed, folder)


def duration(experiment: Experiment, todo: list[Job], count: int) -> str:
    """How long these jobs take, so many at a time, by the published rows; nothing without them."""
    try:
        published = results.load(experiment.name)["rows"]
    except FileNotFoundError:
        return ""
    rows = [find(published, job.key) for job in todo]
    seconds = [row["seconds"] for row in rows if row and "seconds" in row]
    if len(seconds) < len(todo):
        return ""
    count = min(count, len(todo))
    long = max(sum(seconds) / count, *seconds)
    about = f"{long:.0f} seconds" if long < 100 else f"{long / 60:.0f} minutes"
    return f", about {about}, {count} at a time"


def in_a_line(key: ResultRow, row: ResultRow, published: ResultRow | None) -> str:
    """A row in one line; beside each number the published one and the difference, if given."""
    title = ", ".join(f"{name} {value}" for name, value in key.items())
    there, parts = dict(numbers(published or {})), []
    for name, number in numbers({name: row[name] for name in row if name not in key}):
        parts.append(f"{name} {number:,}")
        if name in there:
            difference = number - there[name]
            form = "+," if isinstance(difference, int) else "+.4g"
            parts[-1] += f" (published {there[name]:,}, difference {difference:{form}})"
    if published:
        compared = [name for name in row if name in published and name not in MADE_BY]
        other = [name for name in compared if row[name] != published[name]]
        same = "the published row, number for number"
        parts.append(f"not as published: {', '.join(other)}" if other else same)
    return f"{title}: {'; '.join(parts)}"


def numbers(row: ResultRow, prefix: str = "") -> Iterator[tuple[str, int | float]]:
    """The numbers of a row by their names; of a curve its last one."""
    for name, value in row.items():
        value = value[-1] if isinstance(value, list) and value else value
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{name} ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{name}", value
