"""The summary's 97.74 %: its network, 61,706 parameters, by the short recipe; five seeds.

All 60,000 training images; the 10,000 test images are counted after each epoch and choose nothing.
"""

from dataclasses import asdict

from lenet.adam import Adam
from lenet.data import mnist
from lenet.evaluation import accuracy
from lenet.initial import initialise
from lenet.networks import LeNet5
from lenet.recipes import RECIPES
from lenet.training import train
from lenet_paper.experiment import Experiment, Job, Outcome

SEEDS = range(5)


def train_summary(recipe: str, seed: int) -> Outcome:
    """Train the summary's network on the 60,000 digits by the recipe of that name."""
    (images, labels), test = mnist("train"), mnist("test")
    network = initialise(LeNet5(), seed)
    chosen = RECIPES[recipe]
    epochs = train(network, images, labels, chosen, seed=seed, test=test, progress=False)
    counts = len(images), len(test[1])
    row = {
        "errors": epochs[-1].errors,
        "seconds": round(sum(epoch.seconds for epoch in epochs)),
        "loss": [round(epoch.loss, 5) for epoch in epochs],
        "training_accuracy": [round(accuracy(epoch.wrong, counts[0]), 3) for epoch in epochs],
        "accuracy": [round(accuracy(epoch.errors, counts[1]), 3) for epoch in epochs],
    }
    return Outcome(row, network=network if (recipe, seed) == ("short", 0) else None)


def in_numbers(recipe: Adam) -> dict:
    """The recipe as its row holds it: ``shift`` in pixels, 0 where digits stand where they are."""
    numbers = asdict(recipe)
    shown = numbers.pop("show")
    return numbers | {"shift": shown.get("most", 0)}


def of_recipe(name: str, about: str, recipe: str) -> Experiment:
    """The experiment that trains five seeds by the recipe of that name."""
    settings = {"network": "lenet5", "seeds": list(SEEDS), "recipe": in_numbers(RECIPES[recipe])}
    jobs = [Job({"seed": seed}, (recipe, seed)) for seed in SEEDS]
    return Experiment(name, about, settings, lambda rows: jobs, train_summary)


EXPERIMENT = of_recipe("summary", "the summary's 97.74 %: the short recipe, five seeds", "short")
