"""Nearest neighbours: keep every training image, and ask the k most like the new one (III-C)."""

import numpy as np
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from lenet_paper.classifiers import Classified, Digits, vectors


def nearest(training: Digits, images: Tensor, *, k: int) -> Classified:
    """The class with most of the k nearest training images, by Euclidean distance."""
    digits, labels = training
    distances = nearest_of_each_class(vectors(digits), labels.numpy(), vectors(images), k)
    return Classified(votes(distances), digits.numel(), digits.numel())


def nearest_of_each_class(
    digits: np.ndarray, labels: np.ndarray, x: np.ndarray, k: int
) -> np.ndarray:
    """The distances of x (N, pixels) to the k nearest of each class, nearest first: (N, 10, k)."""
    found = [
        NearestNeighbors(n_neighbors=k, algorithm="brute").fit(digits[labels == c]).kneighbors(x)[0]
        for c in range(10)
    ]
    return np.stack(found, axis=1)


def votes(distances: np.ndarray) -> np.ndarray:
    """Penalties (N, 10) from the distances (N, 10, k) to the k nearest of each class.

    The k nearest of all vote: a vote is -1. The distance to the nearest of the class is added, as
    a part of the largest such distance: it is under 1, so it decides between equal votes only, and
    says how sure a full vote is. The paper does not say how its classifier scored the classes.
    """
    k = distances.shape[2]
    reach = np.partition(distances.reshape(len(distances), -1), k - 1, axis=1)[:, k - 1]
    voting = (distances <= reach[:, None, None]).sum(axis=2)
    nearest = distances[:, :, 0]
    return nearest / (1.001 * nearest.max()) - voting
