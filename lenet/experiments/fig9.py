"""Figs. 9, 11 and 12: 27 classifiers, their test errors, multiply-adds and numbers stored.

All 60,000 training images, in the form that the row's tag names. Three seeds where something is
random, one where that takes more than half an hour; rows without chance have seed 0. What each
says of the test images is kept in results/predictions/, those of LeNet-5 by fig10 and fig6.
"""

import time

import torch
from torch import nn

from lenet import predictions, results
from lenet.classifiers.networks import lenet4
from lenet.data import load_mnist
from lenet.experiments import fig6_choice
from lenet.experiments.fig9_rows import ROWS, Row, chosen
from lenet.experiments.spread import spread
from lenet.ledger import ledger, totals
from lenet.networks import LeNet5_1998
from lenet.predictions import Predictions
from lenet.rejection import rejected_for
from lenet.weights import load_weights, save_weights, shipped

NAME = "fig9"
ERROR = 0.005  # what Fig. 10 allows
SHIPPED = ("lenet1", "lenet4")  # small enough for lenet/weights/
LONG = 30  # minutes: a row that takes longer says so before it starts


def run(row: list[str] | None = None, jobs: int | None = None, dask: str | None = None) -> None:
    """Run the rows, or those of these names, that have no result yet.

    A row is written as soon as it is known. ``jobs`` and ``dask`` are those of `spread`.
    """
    record = results.Record(NAME, {"training_images": 60_000, "test_images": 10_000})
    todo = [
        (name, seed)
        for name in chosen(row)
        for seed in ROWS[name].seeds or (0,)
        if not record.find(row=name, seed=seed)
    ]
    for name in dict.fromkeys(name for name, _ in todo):
        if ROWS[name].minutes > LONG:
            print(f"{name}: about {ROWS[name].minutes} minutes on two cores", flush=True)

    first = [job for job in todo if ROWS[job[0]].classify and not ROWS[job[0]].of]
    of_others = [job for job in todo if ROWS[job[0]].of]
    kept = [job for job in todo if ROWS[job[0]].kept]
    for some in (first, of_others):
        prepared = ((name, ROWS[name], seed, arguments(ROWS[name], seed)) for name, seed in some)
        for name, seed, said, network, measured in spread(classify, prepared, jobs, dask):
            predictions.save(said, file_name(name), seed)
            if name in SHIPPED:
                save_weights(network, shipped(name, seed))
            add(record, name, seed, said, measured)
    for name, seed in kept:
        add(record, name, seed, *of_lenet5(ROWS[name].kept, seed))


def file_name(name: str) -> str:
    """What the row's predictions are called in results/predictions/."""
    return ROWS[name].kept or f"{NAME}-{name}"


def arguments(row: Row, seed: int) -> dict:
    """What the row's function takes beside digits and images."""
    given = row.settings | ({"seed": seed} if row.seeds and not row.of else {})
    if row.distorted:
        set_ = fig6_choice.CANDIDATES[fig6_choice.best()]
        given |= {"ranges": set_.ranges, "copies": set_.copies}
    if row.of:
        given["network"] = load_weights(lenet4(), shipped(row.of, seed))
    return given


def classify(
    name: str, row: Row, seed: int, given: dict
) -> tuple[str, int, Predictions, nn.Module | None, dict]:
    """What the row says of the test images; the network to keep; and the costs."""
    start = time.process_time()
    print(f"{name}, seed {seed}: started", flush=True)
    classified = row.classify(row.form("train"), row.form("test")[0], **given)
    said = predictions.of_scores(torch.from_numpy(classified.penalties))
    costs = {"multiply_adds": classified.multiply_adds, "stored": classified.stored}
    costs["seconds"] = round(time.process_time() - start, 1)
    return name, seed, said, classified.network, {"settings": row.settings} | costs


def of_lenet5(name: str, seed: int) -> tuple[Predictions, dict]:
    """What the networks of fig5 or fig6 said, and their costs.

    Raises ``FileNotFoundError`` when those experiments are still to be run.
    """
    path = predictions.path(name, seed)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; run fig5 and fig10, or fig6, first")
    total = totals(ledger(LeNet5_1998()))
    costs = {"multiply_adds": total.multiply_adds, "stored": total.parameters, "seconds": 0}
    return predictions.load(name, seed), {"settings": {}} | costs


def add(record: results.Record, name: str, seed: int, said: Predictions, measured: dict) -> None:
    """Count the errors and the images to reject, and write the row."""
    _, labels = load_mnist("test")
    wrong = said.wrong(labels)
    row = {"row": name, "seed": seed, "errors": int(wrong.sum())}
    row["rejected"] = rejected_for(ERROR, said.margins, wrong)
    record.add(row | measured)
    print(f"{name}, seed {seed}: {row['errors']} errors", flush=True)
