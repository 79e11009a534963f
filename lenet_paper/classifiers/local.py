"""LeNet-4 with its last layer replaced by neighbours: a vote, or a layer of their own (III-C).

A trained LeNet-4 turns each image into its 120 units of F5. The nearest training images are those
whose units are nearest.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from lenet.evaluation import outputs
from lenet_paper.classifiers import Classified, Digits, targets
from lenet_paper.classifiers.neighbours import nearest_of_each_class, votes
from lenet_paper.classifiers.rivals import Rival
from lenet_paper.classifiers.trained import MARGINS, costs, padded, pixels

MARGIN = MARGINS["lenet4"]


def by_neighbours(training: Digits, images: Tensor, *, network: Rival, k: int) -> Classified:
    """The class with most of the k nearest training images, as `neighbours.nearest`."""
    digits, new = (features(network, padded(some, MARGIN)) for some in (training[0], images))
    penalties = votes(nearest_of_each_class(digits, training[1].numpy(), new, k))
    multiply_adds, stored = without_last(network, padded(images, MARGIN))
    return Classified(penalties, multiply_adds + digits.size, stored + digits.size)


def by_own_layer(
    training: Digits, images: Tensor, *, network: Rival, k: int, ridge: float
) -> Classified:
    """A last layer for each image, trained on its k nearest training images only."""
    digits, new = (features(network, padded(some, MARGIN)) for some in (training[0], images))
    wanted = targets(training[1])
    neighbours = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(digits)
    last = network.F6
    start = np.column_stack([last.weight.detach().numpy(), last.bias.detach().numpy()])
    digits, new = (np.column_stack([some, np.ones(len(some))]) for some in (digits, new))
    near = neighbours.kneighbors(new[:, :-1], return_distance=False)
    layers = (layer_of(digits[some], wanted[some], start, ridge) for some in near)
    sums = np.stack([layer @ x for layer, x in zip(layers, new, strict=True)])
    multiply_adds, stored = without_last(network, padded(images, MARGIN))
    size = digits.shape[1]
    # the distances; the sums over the k neighbours; the solution of the system; the ten sums
    multiply_adds += len(digits) * (size - 1) + k * size * (size + 1) // 2 + 10 * k * size
    multiply_adds += size**3 // 6 + 2 * 10 * size**2 // 2 + 10 * size
    return Classified(-sums, multiply_adds, stored + len(digits) * (size - 1))


def layer_of(x: np.ndarray, wanted: np.ndarray, start: np.ndarray, ridge: float) -> np.ndarray:
    """The weights (10, inputs) with the smallest squared error on x (k, inputs), near ``start``.

    The squared distance to ``start`` counts ``ridge`` times: k images do not decide 1,210 weights.
    """
    missing = wanted - x @ start.T
    square = x.T @ x + ridge * np.eye(x.shape[1])
    return start + np.linalg.solve(square, x.T @ missing).T


def features(network: Rival, images: Tensor) -> np.ndarray:
    """The 120 units of F5 for images (N, 32, 32): (N, 120)."""
    return outputs(network[:-3], pixels(images)).numpy()


def without_last(network: Rival, images: Tensor) -> tuple[int, int]:
    """`costs` of LeNet-4 up to F5."""
    multiply_adds, stored = costs(network, images)
    last = network.F6
    return multiply_adds - last.weight.numel(), stored - last.weight.numel() - last.bias.numel()
