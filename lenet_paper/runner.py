"""Run an experiment: the rows that are missing, side by side, each written as soon as it is done.

`run_again` runs rows anew into a folder of their own and compares them with the published ones.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from lenet import results
from lenet.sources import watched
from lenet_paper.experiment import Experiment, Job, Row
from lenet_paper.kept import keep_network, keep_predictions
from lenet_paper.record import Record, find
from lenet_paper.spread import spread

MADE_BY = ("seconds", "commit", "versions", "machine")  # may differ where nothing else does


@dataclass(frozen=True)
class Selection:
    """Which rows to run, and where."""

    rows: Sequence[str] = ()  # by a word of their keys; all rows if there are none
    seed: int | None = None
    jobs: int | None = None  # side by side; one for each core if not given
    dask: str | None = None  # the address of a scheduler

    def of(self, experiment: Experiment, rows: list[Row]) -> list[Job]:
        """The jobs that are chosen. Raises ``ValueError`` for a row or seed that there is not."""
        jobs = list(experiment.jobs(rows))
        seeds = sorted({job.key["seed"] for job in jobs if "seed" in job.key})
        names = dict.fromkeys(name for job in jobs for name in words(job.key))
        for row in self.rows:
            if row not in names:
                choice = f"choose from {', '.join(names)}" if names else "its rows are seeds"
                raise ValueError(f"{experiment.name} has no row {row}: {choice}")
        if self.seed is not None and self.seed not in seeds:
            choice = f"choose from {', '.join(map(str, seeds))}" if seeds else "it has none"
            raise ValueError(f"{experiment.name} has no seed {self.seed}: {choice}")
        return [
            job
            for job in jobs
            if (not self.rows or set(self.rows) & set(words(job.key)))
            and self.seed in (None, job.key.get("seed"))
        ]


def words(key: Row) -> list[str]:
    """What a row may be called by."""
    return [value for value in key.values() if isinstance(value, str)]


def run_missing(experiment: Experiment, selection: Selection) -> None:
    """Run the chosen rows that have no result yet, and add them to results/NAME.json."""
    record = Record(experiment.name, experiment.settings)
    ran = run(experiment, selection, record, published=None)
    if ran == 0:
        command = f"python -m lenet reproduce {experiment.name} --again"
        print(f"nothing to run: all rows are there; {command} runs them anew beside these")
    print(f"{ran} rows run; results: {record.path}")


def run_again(experiment: Experiment, selection: Selection) -> None:
    """Run the chosen rows anew, into a new folder here, and print each beside its published one."""
    folder = Path.cwd() / time.strftime(f"again-{experiment.name}-%Y%m%d-%H%M%S")
    published = results.load(experiment.name)["rows"]
    record = Record(experiment.name, experiment.settings, folder=folder)
    ran = run(experiment, selection, record, published)
    print(f"{ran} rows run; results: {folder}")


def run(
    experiment: Experiment, selection: Selection, record: Record, published: list[Row] | None
) -> int:
    """Run what ``record`` lacks of the selection, stage by stage; how many rows that were.

    With ``published`` rows the later stages are those that these rows led to.
    """
    count, before = 1 if experiment.alone else selection.jobs, len(record.rows)
    while True:
        chosen = selection.of(experiment, record.rows if published is None else published)
        todo = [job for job in chosen if not record.find(**job.key)]
        if not todo:
            return len(record.rows) - before
        print(f"{len(todo)} of {len(chosen)} rows to do{duration(experiment, todo, count)}")
        done = spread(experiment.work, [job.given for job in todo], count, selection.dask)
        for number, outcome in tqdm(done, total=len(todo), unit="row", disable=not watched()):
            key, folder = todo[number].key, record.path.parent
            name, seed = outcome.kept_as or experiment.name, key.get("seed", 0)
            if outcome.said:
                keep_predictions(outcome.said, name, seed, folder)
            if outcome.network:
                keep_network(outcome.network, name, seed, folder)
            record.add(key, outcome.row)
            with tqdm.external_write_mode():
                print(line(key, outcome.row, find(published or [], key)), flush=True)


def duration(experiment: Experiment, todo: list[Job], count: int | None) -> str:
    """How long these jobs take together, by the published rows; nothing where one is missing."""
    try:
        published = results.load(experiment.name)["rows"]
    except FileNotFoundError:
        return ""
    rows = [find(published, job.key) for job in todo]
    if not all(row and "seconds" in row for row in rows):
        return ""
    side_by_side = min(count or os.cpu_count() or 1, len(todo))
    minutes = sum(row["seconds"] for row in rows if row) / 60 / side_by_side
    return f", about {minutes:.1f} minutes, {side_by_side} at a time"


def line(key: Row, row: Row, published: Row | None) -> str:
    """A row in one line, with the numbers of the published one and the differences, if given."""
    title = ", ".join(f"{name} {value}" for name, value in key.items())
    parts = []
    for name, value in row.items():
        here, there = last(value), last((published or {}).get(name))
        if not isinstance(here, int | float) or name in key:
            continue
        part = f"{name} {here:g}"
        if isinstance(there, int | float):
            part += f" (published {there:g}, difference {here - there:+g})"
        parts.append(part)
    if published and all(published.get(n) == v for n, v in row.items() if n not in MADE_BY):
        parts.append("the published row, number for number")
    return f"{title}: {'; '.join(parts)}"


def last(value: object) -> object:
    """The end of a curve; any other value as it is."""
    return value[-1] if isinstance(value, list) and value else value
