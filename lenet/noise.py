"""Salt and pepper: pixels that are inverted, black for white (section III-E)."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from lenet.paper import PIXELS


def invert(images: Tensor, probability: float, generator: Generator) -> Tensor:
    """Invert each pixel of images (N, 1, H, W) with this probability: the same shape.

    The background becomes ink and ink becomes background; what is grey in between is mirrored.
    """
    hit = torch.rand(images.shape, generator=generator) < probability
    return torch.where(hit, PIXELS["background"] + PIXELS["foreground"] - images, images)


def noisy(images: Tensor, probability: float, generator: Generator) -> Iterator[Tensor]:
    """The images under new noise at every pass, without end."""
    while True:
        yield invert(images, probability, generator)
