"""The summary's 97.74 %: its network, 61,706 parameters, by the short recipe; five seeds.

All 60,000 training images; the 10,000 test images are counted after each epoch and choose nothing.
"""

from dataclasses import asdict

from lenet.adam import Adam
from lenet.data import mnist
from lenet.evaluation import accuracy
from lenet.initial import initialise
from lenet.networks import LeNet5
from lenet.recipes import SHORT
from lenet.training import train
from lenet_paper.experiment import Experiment, Job, Outcome

SEEDS = range(5)


def train_summary(recipe: Adam, seed: int) -> Outcome:
    """Train the summary's network on the 60,000 digits."""
    (images, labels), test = mnist("train"), mnist("test")
    network = initialise(LeNet5(), seed)
    epochs = train(network, images, labels, recipe, seed=seed, test=test, progress=False)
    wrong = [(epoch.wrong, epoch.errors or 0) for epoch in epochs]
    row = {
        "errors": epochs[-1].errors,
        "seconds": round(sum(epoch.seconds for epoch in epochs)),
        "loss": [round(epoch.loss, 5) for epoch in epochs],
        "training_accuracy": [round(accuracy(one, len(images)), 3) for one, _ in wrong],
        "accuracy": [round(accuracy(one, len(test[1])), 3) for _, one in wrong],
    }
    return Outcome(row, network=network if (recipe, seed) == (SHORT, 0) else None)


def in_numbers(recipe: Adam) -> dict:
    """The recipe as its row holds it: ``shift`` in pixels, 0 where digits stand where they are."""
    numbers = asdict(recipe)
    shown = numbers.pop("show")
    return numbers | {"shift": shown.get("most", 0)}


def of_recipe(name: str, about: str, recipe: Adam) -> Experiment:
    """The experiment that trains five seeds by one recipe."""
    settings = {"network": "lenet5", "seeds": list(SEEDS), "recipe": in_numbers(recipe)}
    jobs = [Job({"seed": seed}, (recipe, seed)) for seed in SEEDS]
    return Experiment(name, about, settings, lambda rows: jobs, train_summary)


EXPERIMENT = of_recipe("summary", "the summary's 97.74 %: the short recipe, five seeds", SHORT)
