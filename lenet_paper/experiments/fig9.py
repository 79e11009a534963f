"""Figs. 9, 11 and 12: 27 classifiers, their test errors, multiply-adds and numbers stored.

All 60,000 training images, in the form that the row's tag names. Three seeds where something is
random, one where that takes more than half an hour; rows without chance have seed 0. What each
says of the test images is kept in results/predictions/, those of LeNet-5 by fig5 and fig6.
"""

import time
from collections.abc import Iterator

import torch

from lenet.data import load_mnist
from lenet.ledger import ledger, totals
from lenet.networks import LeNet5_1998
from lenet.paper import REJECTION
from lenet.predictions import Predictions, from_penalties, kept_predictions
from lenet.rejection import rejected_for
from lenet_paper.bars import BARS, Bar
from lenet_paper.classifiers.rivals import CONVOLUTIONAL
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow
from lenet_paper.experiments.fig6_choice import CHOSEN
from lenet_paper.kept import kept_network
from lenet_paper.record import find


def jobs(rows: list[ResultRow]) -> Iterator[Job]:
    """One for each bar and seed; a bar made of another's network comes when that one is there."""
    for name, bar in BARS.items():
        for seed in bar.seeds or (0,):
            if not bar.of or find(rows, {"row": bar.of, "seed": seed}):
                yield Job({"row": name, "seed": seed}, (name, seed))


def classify(name: str, seed: int) -> Outcome:
    """What a bar says of the test images, what that costs, and the network if it is small."""
    bar, start = BARS[name], time.process_time()
    if not bar.classify:
        return of_lenet5(bar, seed)
    classified = bar.classify(bar.form("train"), bar.form("test")[0], **arguments(bar, seed))
    said = from_penalties(torch.from_numpy(classified.penalties))
    costs: ResultRow = {"multiply_adds": classified.multiply_adds, "stored": classified.stored}
    costs["seconds"] = round(time.process_time() - start, 1)
    network = classified.network if name in CONVOLUTIONAL else None
    return Outcome(counted(bar, said) | costs, said, network, f"fig9-{name}")


def arguments(bar: Bar, seed: int) -> dict:
    """What the bar's function takes beside digits and images."""
    given = bar.settings | ({"seed": seed} if bar.seeds and not bar.of else {})
    if bar.distorted:
        given |= {"ranges": CHOSEN.ranges, "copies": CHOSEN.copies}
    if bar.of:
        given["network"] = kept_network(CONVOLUTIONAL[bar.of](), f"fig9-{bar.of}", seed)
    return given


def of_lenet5(bar: Bar, seed: int) -> Outcome:
    """What a network of fig5 or fig6 said, and its costs."""
    total = totals(ledger(LeNet5_1998()))
    costs = {"multiply_adds": total.multiply_adds, "stored": total.parameters, "seconds": 0}
    return Outcome(counted(bar, kept_predictions(bar.kept, seed)) | costs)


def counted(bar: Bar, said: Predictions) -> ResultRow:
    """The errors on the test images, and how many to reject for the error of Fig. 10."""
    _, labels = load_mnist("test")
    wrong = said.wrong(labels)
    rejected = rejected_for(REJECTION["error"], said.margins, wrong)
    return {"errors": int(wrong.sum()), "rejected": rejected, "settings": bar.settings}


EXPERIMENT = Experiment(
    name="fig9",
    about="Figs. 9, 11, 12: 27 classifiers, their errors and costs",
    settings={"training_images": 60_000, "test_images": 10_000},
    jobs=jobs,
    work=classify,
    needs=("fig5", "fig6"),
)
