"""Every layer against the same layer built by loops, forward and gradient."""

import loops
import numpy as np
import pytest
import torch
from torch import nn

from lenet.layers import (
    AMPLITUDE,
    RBF,
    SLOPE,
    Squash,
    Subsampling,
    TableConvolution,
    bitmap_codes,
)
from lenet.paper import BITMAPS, C3_INPUTS

TABLE = [[0, 2], [1], [0, 1, 2], [2, 1]]

# Each layer with the shape of its input, and the loops that do the same.
LAYERS = {
    "squash": (Squash(), (2, 3, 3), loops.squash),
    "convolution": (nn.Conv2d(3, 4, 3), (3, 6, 5), loops.convolution),
    "table convolution": (TableConvolution(TABLE, 3), (3, 6, 5), loops.convolution),
    "Table I": (TableConvolution(C3_INPUTS, 5), (6, 14, 14), loops.convolution),
    "mean pooling": (nn.AvgPool2d(2), (3, 4, 6), loops.mean_pool),
    "subsampling": (Subsampling(3), (3, 4, 6), loops.subsampling),
    "subsampling, mean": (Subsampling(3, mean=True), (3, 4, 6), loops.subsampling),
    "flatten": (nn.Flatten(), (3, 2, 2), loops.flatten),
    "dense": (nn.Linear(7, 5), (7,), loops.dense),
    "RBF": (RBF(bitmap_codes()), (84,), loops.rbf),
}


def options(layer):
    """What the loops are told beside the numbers."""
    return {name: getattr(layer, name) for name in ("table", "mean") if hasattr(layer, name)}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_what_loops_make_of_it(name):
    layer, shape, by_loops = LAYERS[name]
    layer = layer.double()
    generator = torch.Generator().manual_seed(1)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, generator=generator)
    images = torch.randn(2, *shape, generator=generator, dtype=torch.float64, requires_grad=True)
    out = layer(images)
    g = torch.randn(out.shape, generator=generator, dtype=torch.float64)
    out.backward(g)

    numbers = {key: p.detach().numpy() for key, p in layer.named_parameters()}
    if isinstance(layer, RBF):
        numbers["codes"] = layer.codes.numpy()
    runs = [
        by_loops(image.numpy(), g=one.numpy(), **numbers, **options(layer))
        for image, one in zip(images.detach(), g, strict=True)
    ]
    np.testing.assert_allclose(out.detach(), np.stack([r.out for r in runs]), rtol=1e-5, atol=1e-9)
    by_image = np.stack([run.gradients["input"] for run in runs])
    np.testing.assert_allclose(images.grad, by_image, rtol=1e-5, atol=1e-9)
    for key, parameter in layer.named_parameters():
        total = sum(run.gradients[key] for run in runs)
        np.testing.assert_allclose(parameter.grad, total, rtol=1e-5, atol=1e-9)


def test_the_squash_has_the_properties_the_paper_chose_it_for():
    f = Squash()
    at = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)
    np.testing.assert_allclose(f(at), [1, -1, 0], atol=1e-4)
    assert (1.7159, pytest.approx(2 / 3)) == (AMPLITUDE, SLOPE)
    a = torch.linspace(0, 3, 301, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f(a).sum(), a, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), a)
    assert abs(a[bend.abs().argmax()].item() - 1) < 0.05  # curved most at +-1


def test_the_sum_and_the_mean_differ_by_a_coefficient_four_times_larger():
    on_sum, on_mean = Subsampling(2), Subsampling(2, mean=True)
    assert torch.equal(on_mean.coefficient, 4 * on_sum.coefficient)
    x = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(on_sum(x), on_mean(x))


def test_a_table_convolution_has_no_weight_for_what_is_not_connected():
    layer = TableConvolution(TABLE, 3)
    assert layer.weight.shape == (8, 3, 3)
    x = torch.zeros(1, 3, 5, 5)
    x[0, 0] = 7.0  # map 0, which output maps 1 and 3 do not see
    changed = (layer(x) != layer(torch.zeros_like(x))).flatten(2).any(2)[0]
    assert changed.tolist() == [True, False, True, False]
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_a_table_of_everything_is_an_ordinary_convolution():
    layer, ordinary = TableConvolution([[0, 1, 2]] * 4, 3), nn.Conv2d(3, 4, 3)
    ordinary.weight.data = layer.weight.data.reshape(4, 3, 3, 3)
    ordinary.bias = layer.bias
    x = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(x), ordinary(x))


def test_the_codes_are_the_bitmaps_row_by_row():
    codes = bitmap_codes()
    assert codes.shape == (10, 84)
    assert codes.dtype == torch.float32
    for digit in range(10):
        for row in range(12):
            for column in range(7):
                black = BITMAPS[str(digit)][row][column] == "#"
                assert codes[digit, 7 * row + column] == (1 if black else -1)


def test_the_codes_are_kept_with_the_weights_but_not_trained():
    layer = RBF(bitmap_codes())
    assert list(layer.state_dict()) == ["codes"]
    assert list(layer.parameters()) == []
