"""What an epoch shows: every `Show`, and that its seed and its epoch decide all of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lenet.distortions import FIG7, Ranges, draw_maps, invert, warp
from lenet.shown import AsTheyAre, Distorted, Enlarged, Noisy, Shifted, of_epoch

SHOWS = [Shifted(2), Distorted(FIG7), Enlarged(FIG7, copies=3), Noisy(0.1)]
every = pytest.mark.parametrize("show", [AsTheyAre(), *SHOWS], ids=lambda show: type(show).__name__)
random = pytest.mark.parametrize("show", SHOWS, ids=lambda show: type(show).__name__)


def noise(count: int, side: int = 8) -> torch.Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(0))


@every
def test_it_keeps_the_shape_and_the_type_and_leaves_the_images_as_they_were(show):
    images = noise(20, 32)
    before = images.clone()
    shown = show(images, 3, 1)
    assert (shown.shape, shown.dtype) == (images.shape, images.dtype)
    assert torch.equal(images, before)


@every
def test_the_seed_and_the_epoch_decide_everything_and_nothing_else_does(show):
    """Also not what was drawn before, nor which epochs were shown: a killed run can go on."""
    images = noise(20, 32)
    torch.manual_seed(1)
    expected = [show(images, 5, epoch) for epoch in range(3)]
    torch.manual_seed(2)
    before = torch.random.get_rng_state()
    for epoch in (2, 0, 1):
        assert torch.equal(replace(show)(images, 5, epoch), expected[epoch])
    assert torch.equal(torch.random.get_rng_state(), before)


@random
def test_another_seed_and_another_epoch_show_others(show):
    images = noise(20, 32)
    shown = {seed: [show(images, seed, epoch) for epoch in range(3)] for seed in (0, 1)}
    for first, second in ((0, 1), (1, 2), (0, 2)):
        assert not torch.equal(shown[0][first], shown[0][second])
    for epoch in range(3):
        assert not torch.equal(shown[0][epoch], shown[1][epoch])


def test_an_epoch_draws_other_numbers_than_its_seed_and_than_other_epochs():
    """A seed draws first weights as well; seed 1's first epoch is no epoch of seed 0."""
    generators = [of_epoch(seed, epoch) for seed in range(20) for epoch in range(40)]
    generators += [torch.Generator().manual_seed(seed) for seed in range(20)]
    assert len({generator.initial_seed() for generator in generators}) == len(generators)
    firsts = {torch.rand(4, generator=generator) for generator in generators}
    assert len({tuple(first.tolist()) for first in firsts}) == len(generators)


def test_as_they_are_is_the_images_themselves():
    images = noise(3)
    assert AsTheyAre()(images, 0, 0) is images


def test_shifted_moves_each_image_by_its_own_whole_pixels():
    images = noise(200, 32)
    moved = Shifted(2)(images, 0, 0)
    found = set()
    for image, result in zip(images[:, 0].numpy(), moved[:, 0].numpy(), strict=True):
        padded = np.pad(image, 2, mode="edge")
        places = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(padded[2 - down : 34 - down, 2 - right : 34 - right], result)
        ]
        assert len(places) == 1
        found |= set(places)
    assert len(found) == 25  # every shift occurs


def test_no_shift_is_the_same_images():
    images = noise(20)
    assert torch.equal(Shifted(0)(images, 0, 0), images)


def test_distorted_moves_each_image_by_a_map_of_its_own():
    images = noise(50, 32)
    maps = draw_maps(FIG7, 50, of_epoch(4, 2))
    assert torch.equal(Distorted(FIG7)(images, 4, 2), warp(images, maps))
    torch.testing.assert_close(Distorted(Ranges())(images, 4, 2), images)
    one = images[:1].expand(50, 1, 32, 32)
    assert len(Distorted(FIG7)(one, 0, 0).unique(dim=0)) == 50


def test_noisy_inverts_pixels_of_its_own_in_each_image():
    images = noise(50, 32)
    assert torch.equal(Noisy(0.1)(images, 4, 2), invert(images, 0.1, of_epoch(4, 2)))
    assert torch.equal(Noisy(0.0)(images, 4, 2), images)


def test_the_enlarged_set_shows_every_image_once_an_epoch_and_every_version_once():
    images, show = noise(50), Enlarged(Ranges(shift=2), copies=3)
    epochs = [show(images, 0, epoch) for epoch in range(8)]
    assert all(part.shape == images.shape for part in epochs)
    originals = torch.stack([(part - images).abs().amax(dim=(1, 2, 3)) < 1e-5 for part in epochs])
    assert originals[:4].sum(dim=0).tolist() == [1] * 50  # each image once as itself ...
    assert (originals[:4].sum(dim=1) > 0).all()  # ... but not all of them in the same epoch
    for first, again in zip(epochs[:4], epochs[4:], strict=True):
        assert torch.equal(first, again)
    four = torch.stack(epochs[:4])
    for i in range(4):
        for j in range(i):
            assert ((four[i] - four[j]).abs().amax(dim=(1, 2, 3)) > 1e-3).all()


def test_the_papers_enlarged_set_has_nine_distorted_ones_of_each():
    images, show = noise(5), Enlarged(replace(FIG7, anchor=0.0))
    epochs = torch.stack([show(images, 0, epoch) for epoch in range(10)])
    for image in range(5):
        assert len(epochs[:, image].unique(dim=0)) == 10
    assert torch.equal(show(images, 0, 10), epochs[0])
