"""Linear classifiers: ten weighted sums of the pixels, or forty-five, one for each pair of digits.

The weights solve a linear system: the smallest squared error to targets of 1 and -1. ``ridge``
adds the squared weights to that error, so many times, for some pixels are the same in all images.
"""

from itertools import combinations

import numpy as np
from sklearn.linear_model import Ridge
from torch import Tensor

from lenet_paper.classifiers import Classified, Digits, targets, vectors


def linear(training: Digits, images: Tensor, *, ridge: float) -> Classified:
    """A unit a class, 1 for the class and -1 for all others; the largest wins (III-C)."""
    digits, labels = training
    units = Ridge(ridge, solver="cholesky").fit(vectors(digits), targets(labels))
    sums = units.predict(vectors(images))
    return Classified(-sums, units.coef_.size, units.coef_.size + units.intercept_.size)


def pairwise(training: Digits, images: Tensor, *, ridge: float, steepness: float) -> Classified:
    """A unit i/j for each pair: 1 on class i, -1 on class j, not trained on others (section III-C).

    A sum of weighted sums is one more weighted sum, so the units must bend before they are added:
    here by tanh(``steepness`` a). The paper does not say how its units do.
    """
    digits, labels = vectors(training[0]), training[1].numpy()
    x = vectors(images)
    outputs, products = {}, 0
    for i, j in combinations(range(10), 2):
        both = (labels == i) | (labels == j)
        unit = Ridge(ridge, solver="cholesky").fit(digits[both], 2.0 * (labels[both] == i) - 1)
        outputs[i, j] = np.tanh(steepness * unit.predict(x))
        products += unit.coef_.size
    return Classified(-tally(outputs), products, products + len(outputs))


def tally(outputs: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """The score of class i, the units i/x added and the units y/i taken away: (N, 10)."""
    scores = np.zeros((len(outputs[0, 1]), 10), dtype=np.float32)
    for (i, j), output in outputs.items():
        scores[:, i] += output
        scores[:, j] -= output
    return scores
