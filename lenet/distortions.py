"""Distortions: random affine maps of the kinds the paper names, images moved by them, and noise.

Section III-B enlarges the training set by translation, scaling, squeezing and horizontal shear.
A map takes a point of the digit to its new place, (x, y) to (a x + b y + tx, c x + d y + ty), in
pixels from the centre of the image, x to the right and y down. It is kept as the matrix
((a, b, tx), (c, d, ty)).
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from lenet.paper import PIXELS

AT_A_TIME = 500  # images; so many stay in the processor's cache


@dataclass(frozen=True)
class Ranges:
    """How far each distortion may go. The paper gives the kinds and no ranges.

    A ``squeeze`` of 1.1 makes a digit up to 1.1 times wider and lower, or narrower and higher; a
    ``shear`` of 0.1 moves a row by up to a tenth of its height above or below the centre.
    ``anchor`` is the height that scaling leaves where it is, in pixels below the centre.
    """

    shift: float = 0.0  # pixels, in x and in y
    scale: float = 1.0  # the largest factor; its inverse is the smallest
    squeeze: float = 1.0  # the largest factor of the width; its inverse is the smallest
    shear: float = 0.0  # pixels to the side for a pixel of height
    anchor: float = 0.0


FIG7 = Ranges(shift=2, scale=1.33, squeeze=1.1, shear=0.15, anchor=10.9)
"""Read off the hundred maps that made the digits of the paper's Fig. 7."""


def draw_maps(ranges: Ranges, count: int, generator: Generator) -> Tensor:
    """Draw ``count`` random maps: (count, 2, 3). All is uniform, the logarithm of a factor too."""

    def uniform(bound: float | Tensor) -> Tensor:
        return bound * (2 * torch.rand(count, generator=generator) - 1)

    scale, squeeze = (uniform(torch.tensor(f).log()).exp() for f in (ranges.scale, ranges.squeeze))
    a, d = scale * squeeze, scale / squeeze
    x = torch.stack([a, uniform(ranges.shear) * d, uniform(ranges.shift)], dim=1)
    y = torch.stack([torch.zeros(count), d, uniform(ranges.shift) + (1 - d) * ranges.anchor], dim=1)
    return torch.stack([x, y], dim=1)


def warp(images: Tensor, maps: Tensor) -> Tensor:
    """Move each image (N, 1, H, H) by its map (N, 2, 3): the same shape, what leaves it is lost.

    A pixel of the result is looked up where the inverse map points, between four pixels
    (bilinearly). Beyond the border the image goes on as its border pixels.
    """
    back = torch.linalg.inv(maps[:, :, :2])
    towards = -back @ maps[:, :, 2:] * (2 / images.shape[-1])  # the image spans -1 to 1 there
    places = torch.cat([back, towards], dim=2)
    moved = []
    for some, at in zip(images.split(AT_A_TIME), places.split(AT_A_TIME), strict=True):
        grid = F.affine_grid(at, some.shape, align_corners=False)
        moved.append(F.grid_sample(some, grid, padding_mode="border", align_corners=False))
    return torch.cat(moved)


def invert(images: Tensor, probability: float, generator: Generator) -> Tensor:
    """Invert each pixel of images (N, 1, H, W) with this probability: the same shape.

    The background becomes ink and ink becomes background; what is grey in between is mirrored.
    """
    hit = torch.rand(images.shape, generator=generator) < probability
    return torch.where(hit, PIXELS["background"] + PIXELS["foreground"] - images, images)
