"""How far the seed's network goes in five minutes a seed: the long recipe; five seeds."""

from lenet.experiments.seed import train_seeds

from lenet.training import RECIPES

NAME = "seed-long"


def run() -> None:
    """Train the seeds that are still missing, and write a row for each."""
    for _ in train_seeds(NAME, RECIPES["long"]):
        pass
