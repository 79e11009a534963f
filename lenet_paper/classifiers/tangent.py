"""Tangent distance: how far two images are apart when both may be distorted a little (III-C).

A small distortion moves an image along a tangent: the derivative of the image by the strength of
the distortion. The distance of two images is that of the two planes which their tangents span.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from lenet_paper.classifiers import Classified, Digits

TANGENTS = 7
STEPS_TOWARDS = 1e-3  # added to the squared length of a step: two equal tangents are no problem


def tangent_distance(
    training: Digits, images: Tensor, *, sigma: float, candidates: int
) -> Classified:
    """The class of the nearest training image, of so many ``candidates`` that are nearest before.

    All images are first smoothed by a Gaussian of ``sigma`` pixels, so that they have derivatives.
    """
    (digits, planes), (new, new_planes) = (
        (smooth.reshape(len(smooth), -1), spans(smooth))
        for smooth in (smoothed(some.numpy(), sigma) for some in (training[0], images))
    )
    labels = training[1].numpy()
    first = NearestNeighbors(n_neighbors=candidates, algorithm="brute").fit(digits)
    penalties = np.empty((len(new), 10), dtype=np.float32)
    for number, near in enumerate(first.kneighbors(new, return_distance=False)):
        distances = two_sided(new[number], new_planes[number], digits[near], planes[near])
        penalties[number] = distances.max()  # of a class that is not among the candidates
        np.minimum.at(penalties[number], labels[near], distances)
    size = digits.shape[1]
    # to all images; its own tangents; to a candidate: its tangents times ours, and both times both
    # images; the system of seven
    a_candidate = TANGENTS * (TANGENTS + 2) * size + size + TANGENTS**3
    own = 2 * size * len(kernel(sigma)) + 10 * size + TANGENTS**2 * size
    stored = digits.size + planes.size
    return Classified(penalties, digits.size + own + candidates * a_candidate, stored)


def kernel(sigma: float) -> np.ndarray:
    """The Gaussian, at whole pixels up to three sigma, of sum 1."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return (weights / weights.sum()).astype(np.float32)


def smoothed(images: np.ndarray, sigma: float) -> np.ndarray:
    """Images (N, H, W) under the Gaussian; beyond the border all is background, 0."""
    weights = kernel(sigma)
    reach = len(weights) // 2
    for axis in (1, 2):
        margin = [(0, 0)] * 3
        margin[axis] = (reach, reach)
        wide = np.pad(images, margin)
        shifts = (
            np.take(wide, range(s, s + images.shape[axis]), axis) for s in range(2 * reach + 1)
        )
        images = sum(weight * shift for weight, shift in zip(weights, shifts, strict=True))
    return images


def tangents(images: np.ndarray) -> np.ndarray:
    """The seven derivatives of smooth images (N, H, W): (N, 7, H, W).

    In order: to the right, down, larger, turned, wider and lower (squeezed), skewed, and thicker.
    Coordinates are pixels from the centre of the image, x to the right and y down.
    """
    down, right = np.gradient(images, axis=(1, 2))
    y, x = (
        at - (side - 1) / 2
        for at, side in zip(np.indices(images.shape[1:]), images.shape[1:], strict=True)
    )
    return np.stack(
        [
            -right,
            -down,
            -(x * right + y * down),
            -(x * down - y * right),
            -(x * right - y * down),
            -(y * right + x * down),
            down**2 + right**2,
        ],
        axis=1,
    ).astype(np.float32)


def spans(images: np.ndarray) -> np.ndarray:
    """An orthonormal basis of each image's tangents: (N, 7, H * W)."""
    flat = tangents(images).reshape(len(images), TANGENTS, -1)
    return np.linalg.qr(flat.transpose(0, 2, 1))[0].transpose(0, 2, 1).copy()


def two_sided(
    image: np.ndarray, plane: np.ndarray, others: np.ndarray, planes: np.ndarray
) -> np.ndarray:
    """The squared distances of one image (pixels,) and its plane (7, pixels) to n others: (n,).

    ``others`` is (n, pixels) and ``planes`` (n, 7, pixels); every plane has an orthonormal basis.
    What of the difference lies in the first plane goes at once, by p; what then is left in the
    second goes by a system of 7x7, for the planes are at an angle.
    """
    d = others - image
    p, q = d @ plane.T, np.einsum("nkp,np->nk", planes, d)
    crossed = planes @ plane.T  # (n, 7, 7): the second's tangents by the first's
    r = q - np.einsum("nij,nj->ni", crossed, p)
    system = (1 + STEPS_TOWARDS) * np.eye(TANGENTS) - crossed @ crossed.transpose(0, 2, 1)
    solved = np.linalg.solve(system, r[:, :, None])[:, :, 0]
    return (d**2).sum(axis=1) - (p**2).sum(axis=1) - (r * solved).sum(axis=1)
