"""Both networks, whole, against the same chain built by loops; and what they answer."""

import loops
import numpy as np
import pytest
import torch
from torch import nn

from lenet.layers import RBF, Squash, Subsampling, TableConvolution
from lenet.networks import NETWORKS, LeNet5, LeNet5_1998
from lenet.paper import LAYERS, SEED, TOTALS

BY_LOOPS = {
    Squash: loops.squash,
    nn.Conv2d: loops.convolution,
    TableConvolution: loops.convolution,
    nn.AvgPool2d: loops.mean_pool,
    Subsampling: loops.subsampling,
    nn.Flatten: loops.flatten,
    nn.Linear: loops.dense,
    RBF: loops.rbf,
}


def elementary(network):
    return [
        (name, layer)
        for name, layer in network.named_modules()
        if not isinstance(layer, nn.Sequential)
    ]


def run_by_loops(layer, x, g=None):
    numbers = {key: p.detach().numpy() for key, p in layer.named_parameters()}
    if isinstance(layer, RBF):
        numbers["codes"] = layer.codes.numpy()
    if isinstance(layer, TableConvolution):
        numbers["table"] = layer.table
    return BY_LOOPS[type(layer)](x, g=g, **numbers)


@pytest.mark.parametrize("make", [LeNet5, LeNet5_1998])
def test_the_whole_network_is_what_loops_make_of_it(make):
    torch.manual_seed(3)
    network = make().double()
    image = torch.randn(1, 1, 32, 32, dtype=torch.float64)
    out = network(image)
    g = torch.randn(1, 10, dtype=torch.float64)
    out.backward(g)

    inputs = [image[0].numpy()]
    for _, layer in elementary(network):
        inputs.append(run_by_loops(layer, inputs[-1]).out)
    np.testing.assert_allclose(out[0].detach(), inputs.pop(), rtol=1e-5)
    below = g[0].numpy()
    checked = 0
    for (_, layer), x in zip(reversed(elementary(network)), reversed(inputs), strict=True):
        run = run_by_loops(layer, x, below)
        below = run.gradients["input"]
        for key, parameter in layer.named_parameters():
            np.testing.assert_allclose(parameter.grad, run.gradients[key], rtol=1e-5, atol=1e-9)
            checked += parameter.numel()
    assert checked == {LeNet5: SEED["parameters"], LeNet5_1998: TOTALS["trainable"]}[make]


def test_the_seeds_network_pools_before_it_squashes():
    names = [name for name, _ in LeNet5().named_children()]
    assert names == [
        *("C1", "S2", "squash2", "C3", "S4", "squash4"),
        *("C5", "flatten", "F6", "output"),
    ]


def test_the_papers_network_has_the_papers_layers():
    names = [name for name, _ in LeNet5_1998().named_children()]
    assert [name.upper() for name in names] == [row["name"] for row in LAYERS]


def test_another_activation_takes_the_place_of_every_squash():
    kinds = [type(layer) for _, layer in elementary(LeNet5(activation=nn.ReLU))]
    assert kinds.count(nn.ReLU) == 4
    assert Squash not in kinds


def test_the_answer_is_the_largest_logit_or_the_smallest_distance():
    outputs = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, -5.0]])
    assert LeNet5.answer(outputs).tolist() == [0, 1]
    assert LeNet5_1998.answer(outputs).tolist() == [1, 2]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_gives_ten_outputs_an_image(name):
    assert NETWORKS[name]()(torch.zeros(3, 1, 32, 32)).shape == (3, 10)


def test_other_codes_can_be_given():
    codes = torch.ones(10, 84)
    assert torch.equal(LeNet5_1998(codes=codes).output.codes, codes)


def test_mean_reaches_both_subsampling_layers():
    network = LeNet5_1998(mean=True)
    assert network.S2.sum.mean
    assert network.S4.sum.mean
