"""Fig. 6: the paper's network on 15,000, 30,000 and 60,000 digits and on distorted ones, 3 seeds.

20 passes over each set; of the 60,000 + 540,000 distorted ones, 20 passes of 60,000. The
distortions are those that fig6-choice found best on held-out training images; "longer" stays three
times as long at each rate. The networks of 60,000 digits are those of fig5. The test images choose
nothing.
"""

import time
from dataclasses import asdict
from functools import partial

import torch

from lenet import predictions, results
from lenet.data import mnist
from lenet.evaluation import errors
from lenet.experiments import fig5, fig6_choice, paper_network
from lenet.experiments.fig6_choice import Distorted, distorted
from lenet.experiments.paper_network import HEADLINE, side_by_side
from lenet.networks import LeNet5_1998
from lenet.weights import load_shipped, save_weights, shipped

NAME = "fig6"
SEEDS = range(3)
SIZES = (15_000, 30_000)


def run() -> None:
    """Train what is still to be trained, and keep what each network says of the test images."""
    sets = distorted_sets()
    settings = {
        "network": "lenet5-1998",
        "seeds": list(SEEDS),
        "configuration": asdict(HEADLINE),
        "distorted": {name: asdict(set_) for name, set_ in sets.items()},
    }
    record = results.Record(NAME, settings)
    images, _ = mnist("test")
    for seed in SEEDS:
        if not record.find(set="60,000", seed=seed):
            record.add(of_fig5(seed))

    jobs = [(set_, name, seed) for name, set_ in sets.items() for seed in SEEDS]
    jobs += [(size, f"{size:,}", seed) for size in SIZES[::-1] for seed in SEEDS]
    jobs = [job for job in jobs if not record.find(set=job[1], seed=job[2])]
    for (_, name, seed), (row, network) in side_by_side(on_a_set, jobs):
        predictions.save(predictions.predict(network, images), file_name(name), seed)
        if (name, seed) == ("distorted", 0):
            save_weights(network, shipped("lenet5-1998-distorted"))
        record.add(row)
        print(f"{name}, seed {seed}: {row['errors_after_pass'][-1]} errors", flush=True)


def distorted_sets() -> dict[str, Distorted]:
    """The enlarged sets, the longest training first."""
    return {"longer": distorted(fig6_choice.LONGER), "distorted": distorted(fig6_choice.best())}


def file_name(name: str) -> str:
    """What the set's predictions are called in results/predictions/."""
    return f"{NAME}-{name.replace(',', '')}"


def on_a_set(set_: int | Distorted, name: str, seed: int) -> tuple[dict, LeNet5_1998]:
    """Train on so many digits, drawn from the 60,000, or on a distorted set; the row says how."""
    images, labels = mnist("train")
    if isinstance(set_, Distorted):
        training, train = (images, labels), set_.train
    else:
        some = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:set_]
        training = images[some], labels[some]
        train = partial(paper_network.run, HEADLINE)
    row, network = train(seed, training, mnist("test"))
    return {"set": name, "training_errors": errors(network, *training)} | row, network


def of_fig5(seed: int) -> dict:
    """The row of 60,000 digits: that of fig5, with the training errors of its last network."""
    start = time.perf_counter()
    (row,) = [row for row in results.load(fig5.NAME)["rows"] if row["seed"] == seed]
    wrong = errors(load_shipped("lenet5-1998", seed), *mnist("train"))
    return (
        {"set": "60,000", "training_errors": wrong}
        | row
        | {"seconds": round(time.perf_counter() - start, 1)}
    )
