"""What a network said of the 10,000 test images: results/predictions/NAME-seedN.npz.

An answer and the two best scores for each image: enough to count every error and every rejected
image again. The scores are penalties, as the distances of the paper's network are: the smallest
wins.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from lenet import results
from lenet.evaluation import outputs
from lenet.networks import Chain


@dataclass(frozen=True)
class Predictions:
    """``answers`` (N,) uint8 and ``scores`` (N, 2) float16, the best score first."""

    answers: np.ndarray
    scores: np.ndarray

    @property
    def margins(self) -> np.ndarray:
        """The paper's confidence, (N,): how much further off the second best class is."""
        best, second = self.scores.astype(np.float32).T
        return second - best

    def wrong(self, labels: Tensor) -> np.ndarray:
        """Which answers are not the ``labels`` (N,): (N,) bool."""
        return self.answers != labels.numpy()


def predictions_of(network: Chain, images: Tensor) -> Predictions:
    """What ``network`` says of images (N, 1, 32, 32). The penalty of a logit is its negative."""
    found = outputs(network, images)
    return from_penalties(-found if network.largest_wins else found)


def from_penalties(penalties: Tensor) -> Predictions:
    """The answers to penalties (N, 10), the smallest of which wins."""
    scores, classes = penalties.topk(2, largest=False)
    return Predictions(classes[:, 0].numpy().astype(np.uint8), scores.numpy().astype(np.float16))


def kept_predictions(name: str, seed: int) -> Predictions:
    """What the file of that name and seed says. Raises ``FileNotFoundError`` without it."""
    path = results.place_of(f"predictions/{name}-seed{seed}.npz")
    with np.load(path, allow_pickle=False) as file:
        return Predictions(file["answers"], file["scores"])
