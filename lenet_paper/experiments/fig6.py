"""Fig. 6: the paper's network on 15,000, 30,000 and 60,000 digits and on distorted ones, 3 seeds.

20 passes over each set; of the 60,000 + 540,000 distorted ones, 20 passes of 60,000. The
distortions were chosen on held-out training images (fig6-choice); "longer" stays three times as
long at each rate. The networks of 60,000 digits are those of fig5. The test images choose nothing.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, replace

import torch

from lenet.data import mnist
from lenet.evaluation import errors
from lenet.networks import LeNet5_1998
from lenet.predictions import predictions_of
from lenet_paper.configuration import HEADLINE, train_configured
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow
from lenet_paper.experiments.fig6_choice import CHOSEN, DistortedSet
from lenet_paper.kept import kept_network
from lenet_paper.record import published

SEEDS = range(3)
SIZES = (15_000, 30_000)
SETS = {"longer": replace(CHOSEN, stretch=3), "distorted": CHOSEN}  # the longest training first


def jobs(rows: list[ResultRow]) -> Iterator[Job]:
    """Sets of 60,000 that are still to be trained take longer than the others, and come first."""
    sets = SETS | {f"{size:,}": size for size in SIZES[::-1]} | {"60,000": None}
    for name, some in sets.items():
        for seed in SEEDS:
            yield Job({"set": name, "seed": seed}, (name, some, seed))


def train_on_a_set(name: str, size: int | DistortedSet | None, seed: int) -> Outcome:
    """Train on so many digits, drawn from the 60,000, or on a distorted set; None is for fig5's."""
    if size is None:
        return of_fig5_with_training_errors(seed)
    (images, labels), test = mnist("train"), mnist("test")
    if isinstance(size, DistortedSet):
        training = images, labels
        row, network = size.trained(seed, training, test)
    else:
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
        training = images[order[:size]], labels[order[:size]]
        row, network = train_configured(HEADLINE, seed, training, test)
    row = {"training_errors": errors(network, *training)} | row
    kept = network if (name, seed) == ("distorted", 0) else None
    return Outcome(row, predictions_of(network, test[0]), kept, f"fig6-{name.replace(',', '')}")


def of_fig5_with_training_errors(seed: int) -> Outcome:
    """The row of 60,000 digits: that of fig5, with the training errors of its last network."""
    start, row = time.perf_counter(), published("fig5", seed=seed)
    wrong = errors(kept_network(LeNet5_1998(), "fig5", seed), *mnist("train"))
    seconds = round(time.perf_counter() - start, 1)
    return Outcome({"training_errors": wrong} | row | {"seconds": seconds})


EXPERIMENT = Experiment(
    name="fig6",
    about="Fig. 6: 15,000, 30,000, 60,000 digits and distorted ones, three seeds",
    settings={
        "network": "lenet5-1998",
        "seeds": list(SEEDS),
        "configuration": asdict(HEADLINE),
        "distorted": {name: asdict(one) for name, one in SETS.items()},
    },
    jobs=jobs,
    work=train_on_a_set,
    needs=("fig5",),
)
