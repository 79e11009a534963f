"""What a network said of the 10,000 test images: results/predictions/NAME-seedN.npz.

An answer and the two best scores for each image: enough to count every error and every rejected
image again. The scores are distances, as of the paper's network: the smallest wins.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from lenet import results
from lenet.evaluation import outputs
from lenet.files import write_whole


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


def predict(network: nn.Module, images: Tensor) -> Predictions:
    """What ``network`` says of images (N, 1, 32, 32)."""
    return of_scores(outputs(network, images))


def of_scores(scores: Tensor) -> Predictions:
    """The answers to scores (N, 10), the smallest of which wins."""
    scores, classes = scores.topk(2, largest=False)
    return Predictions(classes[:, 0].numpy().astype(np.uint8), scores.numpy().astype(np.float16))


def path(name: str, seed: int) -> Path:
    return results.folder() / "predictions" / f"{name}-seed{seed}.npz"


def save(predictions: Predictions, name: str, seed: int) -> None:
    """Write the file of that name and seed, whole or not at all."""
    file = io.BytesIO()
    np.savez_compressed(file, answers=predictions.answers, scores=predictions.scores)
    write_whole(path(name, seed), file.getvalue())


def load(name: str, seed: int) -> Predictions:
    """Read them again. Raises ``FileNotFoundError`` when they are not there."""
    with np.load(path(name, seed), allow_pickle=False) as file:
        return Predictions(file["answers"], file["scores"])
