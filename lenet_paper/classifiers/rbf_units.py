"""A thousand Gaussian units, a hundred for each class, and ten weighted sums of them (III-C)."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import euclidean_distances
from torch import Tensor

from lenet_paper.classifiers import Classified, Digits, targets, vectors


def rbf_units(
    training: Digits, images: Tensor, *, seed: int, units: int, width: float, ridge: float
) -> Classified:
    """Centres by k-means in each class; the sums by a regularised pseudo-inverse.

    A unit is exp(-d^2 / (2 s^2)) at the distance d from its centre. s^2 is ``width`` times the mean
    squared distance of the centre's own training images; the paper does not give it.
    """
    digits, labels = vectors(training[0]), training[1].numpy()
    own_centres, own_spreads = [], []
    for c in range(10):
        own = digits[labels == c]
        clusters = KMeans(units // 10, n_init=1, random_state=seed).fit(own)
        squares = euclidean_distances(own, clusters.cluster_centers_, squared=True).min(axis=1)
        counts = np.bincount(clusters.labels_, minlength=units // 10)
        means = np.bincount(clusters.labels_, squares, minlength=units // 10) / counts
        own_centres.append(clusters.cluster_centers_)
        # a centre that is itself a lone image has no spread of its own
        own_spreads.append(np.where(counts > 1, means, squares.mean()))
    centres, spreads = np.concatenate(own_centres), np.concatenate(own_spreads)

    def gaussians(x: np.ndarray) -> np.ndarray:
        squares = euclidean_distances(x, centres, squared=True)
        return np.exp(squares / (-2 * width * spreads).astype(np.float32))

    sums = Ridge(ridge, solver="cholesky").fit(gaussians(digits), targets(training[1]))
    multiply_adds = centres.size + units + sums.coef_.size
    stored = centres.size + units + sums.coef_.size + 10
    return Classified(-sums.predict(gaussians(vectors(images))), multiply_adds, stored)
