"""The three forms in which section III gives the digits: regular, deslanted and 16x16."""

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet.data import load_mnist
from lenet.distortions import warp
from lenet_paper.classifiers import Digits


def regular(split: str) -> Digits:
    """28x28, the centre of mass in the middle."""
    images, labels = load_mnist(split)
    return images / 255, labels


def deslanted(split: str) -> Digits:
    """20x20, upright: the middle of the image, once its slant has been taken out."""
    images, labels = regular(split)
    return deslant(images)[:, 4:24, 4:24].contiguous(), labels


def small(split: str) -> Digits:
    """16x16: the 20x20 pixels in which the digit lies, made smaller."""
    images, labels = regular(split)
    framed_digits = framed(images, 20)[:, None]
    made = F.interpolate(framed_digits, (16, 16), mode="bilinear", antialias=True)
    return made[:, 0], labels


def deslant(images: Tensor) -> Tensor:
    """Shift the lines of images (N, H, H) sideways until the principal axis is vertical.

    That is the shear after which the second moment of x and y is 0. Moments count a pixel by its
    ink; the shear keeps the line through the centre of mass where it is. The paper does not say how
    it resamples; here a pixel lies between two others (linearly).
    """
    side = images.shape[-1]
    at = torch.arange(side) - (side - 1) / 2  # pixels from the centre
    ink = images / images.sum(dim=(1, 2), keepdim=True)
    x, y = (ink.sum(dim=1) @ at)[:, None, None], (ink.sum(dim=2) @ at)[:, None, None]
    across, down = at[None, None, :] - x, at[None, :, None] - y
    shear = -(ink * across * down).sum(dim=(1, 2)) / (ink * down**2).sum(dim=(1, 2))
    maps = torch.eye(2, 3).repeat(len(images), 1, 1)
    maps[:, 0, 1], maps[:, 0, 2] = shear, -shear * y[:, 0, 0]
    return warp(images[:, None], maps)[:, 0]


def framed(images: Tensor, side: int) -> Tensor:
    """Cut images (N, H, H) to (N, side, side) around the middle of what is inked."""

    def places(inked: Tensor) -> Tensor:
        """The rows (or columns) to take, (N, side), counted in an image with a margin."""
        first = inked.int().argmax(dim=1)
        last = inked.shape[1] - 1 - inked.flip(1).int().argmax(dim=1)
        start = (first + last + 1 - side).div(2, rounding_mode="floor") + side
        return start[:, None] + torch.arange(side)

    rows, columns = places((images > 0).any(dim=2)), places((images > 0).any(dim=1))
    margin = F.pad(images, (side, side, side, side))
    return margin[torch.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]
