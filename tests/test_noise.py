"""Salt and pepper: how many pixels, and what becomes of them."""

from itertools import islice

import pytest
import torch

from lenet.distortions import invert, noisy
from lenet.paper import PIXELS

WHITE, BLACK = PIXELS["background"], PIXELS["foreground"]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_never_and_always():
    images = torch.tensor([WHITE, BLACK, 0.3]).reshape(1, 1, 1, 3)
    assert torch.equal(invert(images, 0.0, generator()), images)
    inverted = invert(images, 1.0, generator())
    torch.testing.assert_close(inverted.flatten(), torch.tensor([BLACK, WHITE, 0.775]))
    torch.testing.assert_close(invert(inverted, 1.0, generator()), images)


@pytest.mark.parametrize("probability", [0.1, 0.4])
def test_so_many_pixels_are_inverted(probability):
    images = torch.full((100, 1, 32, 32), WHITE)
    hit = invert(images, probability, generator()) != images
    assert abs(hit.float().mean() - probability) < 0.005  # 3 standard deviations
    assert len(hit.unique(dim=0)) == 100  # each image has noise of its own


def test_every_pass_has_new_noise_and_a_seed_repeats_it():
    images = torch.full((2, 1, 32, 32), WHITE)
    first, second = islice(noisy(images, 0.1, generator(1)), 2)
    assert not torch.equal(first, second)
    assert torch.equal(next(noisy(images, 0.1, generator(1))), first)
    assert not torch.equal(next(noisy(images, 0.1, generator(2))), first)
