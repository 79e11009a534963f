"""Both networks, whole, against the same chain built by loops; and what they answer."""

import copy
import pickle

import loops
import numpy as np
import pytest
import torch
from torch import nn

from lenet.layers import RBF, Squash, Subsampling, TableConvolution
from lenet.networks import NETWORKS, Chain, LeNet5, LeNet5_1998
from lenet.paper import LAYERS, SUMMARY, TOTALS

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
    for layer in network:
        inputs.append(run_by_loops(layer, inputs[-1]).out)
    np.testing.assert_allclose(out[0].detach(), inputs.pop(), rtol=1e-5)
    below = g[0].numpy()
    checked = 0
    for layer, x in zip(reversed(network), reversed(inputs), strict=True):
        run = run_by_loops(layer, x, below)
        below = run.gradients["input"]
        for key, parameter in layer.named_parameters():
            np.testing.assert_allclose(parameter.grad, run.gradients[key], rtol=1e-5, atol=1e-9)
            checked += parameter.numel()
    assert checked == {LeNet5: SUMMARY["parameters"], LeNet5_1998: TOTALS["trainable"]}[make]


def names(network):
    return [name for name, _ in network.named_children()]


def test_the_summarys_network_pools_before_it_squashes():
    assert names(LeNet5()) == [
        *("C1", "S2", "squash2", "C3", "S4", "squash4"),
        *("C5", "squash5", "flatten", "F6", "squash6", "output"),
    ]


def test_the_papers_network_has_the_papers_layers_each_squashed_but_the_last():
    network, layers = LeNet5_1998(), [row["name"] for row in LAYERS]
    weighing = [name for name in names(network) if name[0] not in "sf"]
    assert [name.upper() for name in weighing] == layers
    after = dict(zip(names(network), [*list(network)[1:], None], strict=True))
    assert [name for name in weighing if isinstance(after[name], Squash)] == layers[:-1]


def test_both_networks_name_equal_layers_alike():
    """What is a weight of C1 here is a weight of C1 there, of the same shape; so with the rest."""
    ours, papers = LeNet5().state_dict(), LeNet5_1998().state_dict()
    alike = [f"{layer}.{kind}" for layer in ("C1", "C5", "F6") for kind in ("weight", "bias")]
    for name in alike:
        assert ours[name].shape == papers[name].shape, name
    assert ours["C3.bias"].shape == papers["C3.bias"].shape
    for found in (ours, papers):
        layers = dict.fromkeys(name.split(".")[0] for name in found)
        assert {name.count(".") for name in found} == {1}  # a layer, and what it holds
        assert set(layers) <= {row["name"] for row in LAYERS} | {"output"}


@pytest.mark.parametrize("make", [LeNet5, LeNet5_1998])
def test_a_slice_of_a_network_runs_and_keeps_the_names(make):
    network, x = make(), torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    every = names(network)
    middle = every.index("C3")
    below, above = network[:middle], network[middle:]
    assert names(below) + names(above) == every
    assert torch.equal(above(below(x)), network(x))
    assert names(network[:-1]) == every[:-1]
    assert names(network[::2]) == every[::2]
    assert network[:middle].C1 is network.C1  # the layers themselves, not copies
    assert network[0] is network.C1
    assert network[-1] is network.output


def test_a_chain_runs_its_layers_in_the_order_in_which_they_are_named():
    twice, one_more = nn.Linear(1, 1), nn.Linear(1, 1)
    for layer, weight, bias in ((twice, 2.0, 0.0), (one_more, 1.0, 1.0)):
        nn.init.constant_(layer.weight, weight)
        nn.init.constant_(layer.bias, bias)
    x = torch.tensor([[5.0]])
    assert Chain(a=twice, b=one_more)(x).item() == 11
    assert Chain(a=one_more, b=twice)(x).item() == 12


@pytest.mark.parametrize("make", [LeNet5, LeNet5_1998])
def test_a_copy_and_what_is_unpickled_are_networks_of_the_same_kind(make):
    network, x = make(), torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert type(other) is make
        assert torch.equal(other(x), network(x))
        assert torch.equal(other.answer(other(x)), network.answer(network(x)))


def test_another_activation_takes_the_place_of_every_squash():
    kinds = [type(layer) for layer in LeNet5(activation=nn.ReLU)]
    assert kinds.count(nn.ReLU) == 4
    assert Squash not in kinds


def test_the_answer_is_the_largest_logit_or_the_smallest_distance():
    outputs = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, -5.0]])
    assert LeNet5().answer(outputs).tolist() == [0, 1]
    assert LeNet5_1998().answer(outputs).tolist() == [1, 2]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_gives_ten_outputs_an_image(name):
    assert NETWORKS[name]()(torch.zeros(3, 1, 32, 32)).shape == (3, 10)


def test_other_codes_can_be_given():
    codes = torch.ones(10, 84)
    assert torch.equal(LeNet5_1998(codes=codes).output.codes, codes)


def test_mean_reaches_both_subsampling_layers():
    network = LeNet5_1998(mean=True)
    assert network.S2.mean
    assert network.S4.mean
