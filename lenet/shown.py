"""What an epoch shows of the training images: as they are, moved, distorted or under noise.

One way of saying it for both trainers: a `Show` takes the images (N, 1, H, W), the seed of the
training and the number of the epoch, from 0, and gives images of the same shape. It depends on
nothing else, so a training that was killed goes on as if it had not been.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from lenet.distortions import Ranges, draw_maps, invert, warp

Show = Callable[[Tensor, int, int], Tensor]


@dataclass(frozen=True)
class AsTheyAre:
    """Every epoch shows the images themselves."""

    def __call__(self, images: Tensor, seed: int, epoch: int) -> Tensor:
        return images


@dataclass(frozen=True)
class Shifted:
    """Each image moved by its own -``most`` to +``most`` whole pixels each way, anew each epoch.

    What moves in is a copy of the edge, which in MNIST's padded images is background.
    """

    most: int

    def __call__(self, images: Tensor, seed: int, epoch: int) -> Tensor:
        count, _, height, width = images.shape
        generator = of_epoch(seed, epoch)
        down, right = torch.randint(-self.most, self.most + 1, (2, count, 1), generator=generator)
        rows = (torch.arange(height) - down).clamp(0, height - 1)
        columns = (torch.arange(width) - right).clamp(0, width - 1)
        which = torch.arange(count)[:, None, None]
        return images[which, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


@dataclass(frozen=True)
class Distorted:
    """Each image under a random affine map of its own, drawn anew each epoch."""

    ranges: Ranges

    def __call__(self, images: Tensor, seed: int, epoch: int) -> Tensor:
        return warp(images, draw_maps(self.ranges, len(images), of_epoch(seed, epoch)))


@dataclass(frozen=True)
class Enlarged:
    """The set of the images and of ``copies`` distorted ones of each, a part at every epoch.

    In a part each image stands once, as itself or as one of its copies, so 1 + ``copies`` epochs
    show the whole set; then it comes again (section III-B).
    """

    ranges: Ranges
    copies: int = 9

    def __call__(self, images: Tensor, seed: int, epoch: int) -> Tensor:
        generator, count = Generator().manual_seed(seed), len(images)
        itself = torch.eye(2, 3).expand(1, count, 2, 3)
        drawn = draw_maps(self.ranges, self.copies * count, generator)
        versions = torch.cat([itself, drawn.reshape(self.copies, count, 2, 3)])
        first = torch.randint(len(versions), (count,), generator=generator)
        return warp(images, versions[(first + epoch) % len(versions), torch.arange(count)])


@dataclass(frozen=True)
class Noisy:
    """Each pixel inverted with this ``probability``, drawn anew each epoch (section III-E)."""

    probability: float

    def __call__(self, images: Tensor, seed: int, epoch: int) -> Tensor:
        return invert(images, self.probability, of_epoch(seed, epoch))


def of_epoch(seed: int, epoch: int) -> Generator:
    """Random numbers for one epoch of one training, others than those of its seed itself."""
    mixed = np.random.SeedSequence((seed, epoch)).generate_state(1)  # torch takes 32 bits of a seed
    return Generator().manual_seed(int(mixed[0]))
