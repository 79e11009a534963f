"""Maps, warping and noise, by images small enough to be followed by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet.data import load_mnist, pad, scale
from lenet.distortions import AT_A_TIME, FIG7, Ranges, draw_maps, invert, warp
from lenet.paper import FACTS, PIXELS

BACKGROUND = PIXELS["background"]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one_map(a=1.0, b=0.0, tx=0.0, c=0.0, d=1.0, ty=0.0) -> torch.Tensor:
    return torch.tensor([[[a, b, tx], [c, d, ty]]])


def noise(count: int, side: int = 8) -> torch.Tensor:
    return torch.rand(count, 1, side, side, generator=generator())


@pytest.fixture(scope="module")
def digits():
    return scale(pad(load_mnist("train")[0][:200]))[:, None]


def test_the_identity_changes_nothing_however_many_images_there_are(digits):
    images = noise(AT_A_TIME + 3)
    torch.testing.assert_close(warp(images, one_map().expand(len(images), 2, 3)), images)
    torch.testing.assert_close(warp(digits, one_map().expand(len(digits), 2, 3)), digits)


def test_a_translation_moves_to_the_right_and_down():
    image = noise(1)
    moved = warp(image, one_map(tx=2, ty=1))[0, 0]
    torch.testing.assert_close(moved[1:, 2:], image[0, 0, :-1, :-2])
    half = warp(image, one_map(tx=0.5))[0, 0]
    between = (image[0, 0, :, 1:] + image[0, 0, :, :-1]) / 2
    torch.testing.assert_close(half[:, 1:], between)


def test_a_shear_moves_each_row_by_its_height():
    image = torch.zeros(1, 1, 5, 5)
    image[0, 0, :, 2] = 1.0  # an upright line
    # y runs from -2 to 2, and x' = x + y: the line turns into the diagonal
    assert warp(image, one_map(b=1.0))[0, 0].round().tolist() == torch.eye(5).tolist()
    # x' = x + y / 2: every other row falls between two pixels
    half = warp(image, one_map(b=0.5))[0, 0]
    expected = [[0, 1, 0, 0, 0], [0, 0.5, 0.5, 0, 0], [0, 0, 1, 0, 0]]
    torch.testing.assert_close(half[:3], torch.tensor(expected))


def test_each_image_gets_its_own_map():
    images = noise(3)
    maps = torch.cat([one_map(), one_map(tx=1), one_map(ty=-1)])
    moved = warp(images, maps)
    torch.testing.assert_close(moved[0], images[0])
    torch.testing.assert_close(moved[1, :, :, 1:], images[1, :, :, :-1])
    torch.testing.assert_close(moved[2, :, :-1], images[2, :, 1:])


def test_a_map_and_its_inverse_bring_back_what_was_there():
    y, x = torch.meshgrid(torch.linspace(-2, 2, 32), torch.linspace(-2, 2, 32), indexing="ij")
    blob = torch.exp(-2 * (x**2 + (y - 0.2) ** 2))[None, None]  # smooth, so little is lost
    (matrix,) = draw_maps(replace(FIG7, anchor=0.0), 1, generator(3))
    whole = torch.cat([matrix, torch.tensor([[0.0, 0, 1]])])
    back = torch.linalg.inv(whole)[None, :2]
    assert (warp(blob, matrix[None]) - blob).abs().max() > 0.2
    assert (warp(warp(blob, matrix[None]), back) - blob).abs().max() < 0.05


@pytest.mark.parametrize(
    ("ranges", "area"),
    [
        (Ranges(squeeze=1.1), lambda maps: torch.ones(len(maps))),
        (Ranges(shear=0.15), lambda maps: torch.ones(len(maps))),
        (Ranges(scale=1.2), lambda maps: maps[:, 0, 0] ** 2),
    ],
)
def test_squeeze_and_shear_keep_the_ink_and_scaling_multiplies_it(ranges, area, digits):
    maps = draw_maps(ranges, len(digits), generator())
    ink = (digits - BACKGROUND).sum(dim=(1, 2, 3))
    after = (warp(digits, maps) - BACKGROUND).sum(dim=(1, 2, 3))
    np.testing.assert_allclose(after / ink, area(maps), rtol=0.06)
    assert area(maps).min() > 0.69


def test_the_background_stays_background(digits):
    moved = warp(digits, draw_maps(FIG7, len(digits), generator()))
    assert torch.isclose(moved[:, 0, 0, 0], torch.tensor(BACKGROUND), atol=1e-5).all()
    assert moved.min() > BACKGROUND - 1e-4
    assert moved.max() < PIXELS["foreground"] + 1e-4


@settings(deadline=None, max_examples=40)
@given(
    shift=st.floats(0, 4),
    scale=st.floats(1, 2),
    squeeze=st.floats(1, 1.5),
    shear=st.floats(0, 0.5),
    anchor=st.floats(-12, 12),
    seed=st.integers(0, 9),
)
def test_maps_stay_in_their_ranges(shift, scale, squeeze, shear, anchor, seed):
    ranges = Ranges(shift, scale, squeeze, shear, anchor)
    (a, b, tx), (c, d, ty) = draw_maps(ranges, 40, generator(seed)).double().permute(1, 2, 0)
    assert (c == 0).all()
    rounding = 1e-5
    for factor, bound in (((a * d).sqrt(), scale), ((a / d).sqrt(), squeeze)):
        assert factor.max() <= bound + rounding
        assert factor.min() >= 1 / bound - rounding
    assert (b / d).abs().max() <= shear + rounding
    assert tx.abs().max() <= shift + rounding
    moved = d * anchor + ty - anchor  # the anchored height
    assert moved.abs().max() <= shift + rounding


def test_every_range_is_used_to_its_ends():
    (a, b, tx), (_, d, ty) = draw_maps(FIG7, 20_000, generator()).permute(1, 2, 0)
    ends = {
        "scale": (a * d).sqrt().log() / np.log(FIG7.scale),
        "squeeze": (a / d).sqrt().log() / np.log(FIG7.squeeze),
        "shear": b / d / FIG7.shear,
        "x": tx / FIG7.shift,
        "y": (ty - (1 - d) * FIG7.anchor) / FIG7.shift,
    }
    for name, drawn in ends.items():
        assert drawn.max() > 0.999 and drawn.min() < -0.999, name
        assert abs(drawn.std() - 3**-0.5) < 0.01, name  # uniform between -1 and 1
    together = np.corrcoef([values.numpy() for values in ends.values()])
    assert np.abs(together - np.eye(5)).max() < 0.03  # and drawn apart from one another


def test_no_range_is_no_change_and_a_seed_repeats():
    nothing = draw_maps(Ranges(), 10, generator())
    torch.testing.assert_close(nothing, torch.eye(2, 3).expand(10, 2, 3))
    assert torch.equal(draw_maps(FIG7, 5, generator(1)), draw_maps(FIG7, 5, generator(1)))
    assert not torch.equal(draw_maps(FIG7, 5, generator(1)), draw_maps(FIG7, 5, generator(2)))


def test_our_ranges_are_those_of_the_papers_hundred_maps():
    a, b, c, d, tx, ty = np.array(FACTS["fig7_affine"]["maps"]).T
    assert len(a) == 100
    assert np.abs(c).max() < 0.016  # no rotation
    drawn = draw_maps(FIG7, 20_000, generator()).double().numpy()
    ours = dict(zip("ab", drawn[:, 0, :2].T, strict=True)) | {"d": drawn[:, 1, 1]}
    kept = {"paper": ty - (1 - d) * FIG7.anchor}
    kept["ours"] = drawn[:, 1, 2] - (1 - ours["d"]) * FIG7.anchor
    pairs = {
        "scale": (np.log(a * d), np.log(ours["a"] * ours["d"])),
        "squeeze": (np.log(a / d), np.log(ours["a"] / ours["d"])),
        "shear": (b / d, ours["b"] / ours["d"]),
        "x": (tx, drawn[:, 0, 2]),
        "y": (kept["paper"], kept["ours"]),
    }
    for name, (paper, here) in pairs.items():
        # a standard deviation from 100 samples is uncertain by about 7 %
        assert 0.8 < here.std() / paper.std() < 1.25, name
        assert abs(here.mean() - paper.mean()) < 0.35 * paper.std(), name


def test_never_and_always():
    white, black = PIXELS["background"], PIXELS["foreground"]
    images = torch.tensor([white, black, 0.3]).reshape(1, 1, 1, 3)
    assert torch.equal(invert(images, 0.0, generator()), images)
    inverted = invert(images, 1.0, generator())
    torch.testing.assert_close(inverted.flatten(), torch.tensor([black, white, 0.775]))
    torch.testing.assert_close(invert(inverted, 1.0, generator()), images)


@pytest.mark.parametrize("probability", [0.1, 0.4])
def test_so_many_pixels_are_inverted(probability):
    images = torch.full((100, 1, 32, 32), BACKGROUND)
    hit = invert(images, probability, generator()) != images
    assert abs(hit.float().mean() - probability) < 0.005  # 3 standard deviations
    assert len(hit.unique(dim=0)) == 100  # each image has noise of its own
