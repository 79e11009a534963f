"""Support vector machines with a polynomial kernel (III-C): plain, on virtual examples, reduced.

Ten machines, one for each class against the rest, share the kernel (x y + 1)^degree. Images are
first made as long as 1, each for itself or all together in the mean (the paper does not say which),
so that the kernel of an image with itself is 2^degree, or about that.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn import functional as F

from lenet_paper.classifiers import Classified, Digits, vectors

try:  # Intel's form of scikit-learn: the same machines in a fifth of the time and less
    from sklearnex.svm import SVC
except ImportError:
    from sklearn.svm import SVC


@dataclass(frozen=True)
class Machines:
    """Ten machines: ``weights[i]`` (n_i,) on ``supports[i]`` (n_i, pixels), and ``biases`` (10,).

    A support is known by its place ``indices[i]`` (n_i,) in the training set.
    """

    degree: int
    supports: list[np.ndarray]
    weights: list[np.ndarray]
    biases: np.ndarray
    indices: list[np.ndarray]

    def decide(self, x: np.ndarray) -> np.ndarray:
        """What the ten say of x (N, pixels): (N, 10), the largest wins."""
        kernels = ((x @ own.T + 1) ** self.degree for own in self.supports)
        sums = [k @ weights for k, weights in zip(kernels, self.weights, strict=True)]
        return np.stack(sums, axis=1) + self.biases

    def shared(self) -> np.ndarray:
        """The places of the images that support any of the machines, each once."""
        return np.unique(np.concatenate(self.indices))

    def classified(self, x: np.ndarray) -> Classified:
        """A product for each support and machine, and the kernels, each computed once."""
        count = sum(len(weights) for weights in self.weights)
        kernels = len(self.shared()) * x.shape[1]
        return Classified(-self.decide(x), kernels + count, kernels + count + 10)


def scaled(training: Digits, images: Tensor, unit_length: bool) -> tuple[Digits, Tensor]:
    """Digits and images (N, H, W), each divided by its length, or all by that of the mean square.

    The length is that of an image as a vector of pixels; the mean is over the training digits.
    """
    digits, labels = training

    def squares(some: Tensor) -> Tensor:
        return (some**2).sum(dim=(1, 2), keepdim=True)

    by, of_images = squares(digits), squares(images)
    if not unit_length:
        by = of_images = by.mean()
    return (digits / by.sqrt(), labels), images / of_images.sqrt()


def svm(
    training: Digits, images: Tensor, *, degree: int, c: float, unit_length: bool
) -> Classified:
    """The plain machines."""
    training, images = scaled(training, images, unit_length)
    digits, labels = vectors(training[0]), training[1].numpy()
    return machines(digits, labels, degree, c).classified(vectors(images))


def virtual_svm(
    training: Digits, images: Tensor, *, degree: int, c: float, unit_length: bool
) -> Classified:
    """The machines of virtual supports."""
    training, images = scaled(training, images, unit_length)
    return virtual_machines(training, degree, c).classified(vectors(images))


def virtual_machines(training: Digits, degree: int, c: float) -> Machines:
    """Machines trained again on the supports of the first ones and the same a pixel off.

    The shifts, up, down, left and right, are distortions that keep the class; only supports need
    them, for the other images did not matter to the first machines.
    """
    digits, labels = training
    found = machines(vectors(digits), labels.numpy(), degree, c).shared()
    more = torch.cat(shifted(digits[found]))
    more_labels = labels[found].repeat(5)
    return machines(vectors(more), more_labels.numpy(), degree, c)


def shifted(images: Tensor) -> list[Tensor]:
    """Images (N, H, W), and the same a pixel to each side; what leaves the image is lost."""
    wide, (height, width) = F.pad(images, (1, 1, 1, 1)), images.shape[1:]
    starts = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    return [wide[:, row : row + height, column : column + width] for row, column in starts]


def reduced_svm(
    training: Digits,
    images: Tensor,
    *,
    seed: int,
    degree: int,
    c: float,
    unit_length: bool,
    vectors_a_class: int,
) -> Classified:
    """The virtual machines, each rewritten with a few vectors that are no training images.

    The paper's number is that of Burges and Schölkopf (1997), who reduce virtual machines.
    """
    training, images = scaled(training, images, unit_length)
    whole = virtual_machines(training, degree, c)
    x = vectors(images)
    few = [reduce(whole, i, vectors_a_class, seed) for i in range(10)]
    supports, weights = [list(part) for part in zip(*few, strict=True)]
    sums = Machines(degree, supports, weights, whole.biases, whole.indices).decide(x)
    count = 10 * vectors_a_class
    return Classified(-sums, count * (x.shape[1] + 1), count * (x.shape[1] + 1) + 10)


def machines(digits: np.ndarray, labels: np.ndarray, degree: int, c: float) -> Machines:
    """Train ten machines on digits (N, pixels); ``c`` is the price of one on the wrong side."""
    supports, weights, biases, indices = [], [], [], []
    for i in range(10):
        machine = SVC(C=c, kernel="poly", degree=degree, gamma=1, coef0=1, cache_size=1000)
        machine.fit(digits, labels == i)
        supports.append(machine.support_vectors_.astype(np.float32))
        weights.append(machine.dual_coef_[0])
        biases.append(machine.intercept_[0])
        indices.append(machine.support_)
    return Machines(degree, supports, weights, np.array(biases), indices)


def reduce(whole: Machines, i: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` vectors and their weights, whose sum of kernels is nearest to that of machine i.

    The reduced sets of Burges, found by descent: the distance in the space of the kernel is a
    quadratic function of the weights, which are solved for, and a smooth one of the vectors. They
    start at the centres of the supports of each sign.
    """
    x = torch.from_numpy(whole.supports[i]).double()
    alpha = torch.from_numpy(whole.weights[i]).double()
    sides = [whole.supports[i][side] for side in (whole.weights[i] > 0, whole.weights[i] < 0)]
    halves = [KMeans(count // 2, n_init=1, random_state=seed).fit(side) for side in sides]
    centres = [half.cluster_centers_ for half in halves]
    z = torch.from_numpy(np.concatenate(centres)).double().requires_grad_()

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T + 1) ** whole.degree

    def solve() -> tuple[Tensor, Tensor]:
        own, towards = kernel(z, z), kernel(z, x) @ alpha
        ridge = 1e-6 * own.diagonal().mean().detach() * torch.eye(len(z), dtype=own.dtype)
        beta = torch.linalg.solve(own + ridge, towards)
        return beta, -(towards @ beta)

    descent = torch.optim.LBFGS([z], max_iter=300, history_size=20, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        descent.zero_grad()
        _, distance = solve()
        distance.backward()
        return distance

    descent.step(closure)
    beta, _ = solve()
    return z.detach().float().numpy(), beta.detach().numpy()
