"""Forty principal components, their products in pairs, and ten weighted sums of these (III-C)."""

from math import prod

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from torch import Tensor

from lenet_paper.classifiers import Classified, Digits, targets, vectors


def pca_quadratic(training: Digits, images: Tensor, *, components: int, ridge: float) -> Classified:
    """A quadratic function of the components for each class, by least squares as in `linear`."""
    digits, labels = training
    pca = PCA(components, svd_solver="covariance_eigh").fit(vectors(digits))
    x, new = (products(pca.transform(vectors(some))) for some in (digits, images))
    units = Ridge(ridge, solver="cholesky").fit(x, targets(labels))
    # the mean that is taken off first is one number a pixel; its components go into the products
    multiply_adds = prod(pca.components_.shape) + x.shape[1] + units.coef_.size
    stored = prod(pca.components_.shape) + pca.mean_.size + units.coef_.size + 10
    return Classified(-units.predict(new), multiply_adds, stored)


def products(x: np.ndarray) -> np.ndarray:
    """Every product of two components, squares too: (N, 40) to (N, 820)."""
    i, j = np.triu_indices(x.shape[1])
    return x[:, i] * x[:, j]
