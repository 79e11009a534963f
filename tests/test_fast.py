"""The fast path computes what the layers say: outputs and gradients, at equal weights."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lenet import fast
from lenet.adam import Adam
from lenet.initial import initialise
from lenet.networks import LeNet5, LeNet5_1998
from lenet.training import train


def network(kind=LeNet5, dtype=torch.float32, **options):
    made = kind(**options)
    initialise(made, 3)
    return made.to(dtype)


def batch(count=20, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(count, 1, 32, 32, generator=generator, dtype=torch.float64)
    return (1.275 * images - 0.1).to(dtype), torch.arange(count) % 10


def gradients(network, run, images, labels):
    network.zero_grad()
    logits = run(images)
    F.cross_entropy(logits, labels).backward()
    return [logits.detach(), *(parameter.grad.clone() for parameter in network.parameters())]


def distance(found, expected):
    """Relative to the size of the whole tensor: single entries may be nearly zero."""
    return ((found - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("dtype, bound", [(torch.float32, 1e-5), (torch.float64, 1e-13)])
@pytest.mark.parametrize("activation", [None, nn.ReLU])
def test_outputs_and_gradients_are_those_of_the_layers(dtype, bound, activation):
    options = {"activation": activation} if activation else {}
    plain = network(dtype=dtype, **options)
    images, labels = batch(dtype=dtype)
    expected = gradients(plain, plain, images, labels)
    found = gradients(plain, lambda x: fast.run(plain, x), images, labels)
    assert len(found) == 11
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert distance(one, other) < bound


def test_layers_without_a_bias_and_chains_inside_chains_are_as_fast_and_as_right():
    images, _ = batch()
    layers = nn.Sequential(nn.Conv2d(1, 6, 5, bias=False), nn.AvgPool2d(2), nn.Conv2d(6, 4, 14))
    assert distance(fast.run(layers, images), layers(images)) < 1e-5
    nested = nn.Sequential(layers[:2], layers[2:])
    assert torch.equal(fast.run(nested, images), fast.run(layers, images))


@pytest.mark.parametrize(
    "convolution, pooling",
    [
        (nn.Conv2d(1, 6, 5, stride=2), nn.AvgPool2d(2)),
        (nn.Conv2d(1, 6, 5, padding=1), nn.AvgPool2d(2)),
        (nn.Conv2d(1, 6, 5, dilation=2), nn.AvgPool2d(2)),
        (nn.Conv2d(1, 6, 5), nn.AvgPool2d(3)),
        (nn.Conv2d(1, 6, 5), nn.AvgPool2d(2, stride=1)),
        (nn.Conv2d(1, 6, 5), nn.AvgPool2d(2, padding=1)),
        (nn.Conv2d(1, 6, 5), nn.AvgPool2d(2, divisor_override=1)),
        (nn.Conv2d(1, 6, 4), nn.AvgPool2d(2)),
        (nn.Conv2d(1, 6, 5), nn.MaxPool2d(2)),
        (nn.Conv2d(1, 6, 5), nn.Tanh()),
    ],
)
def test_other_layers_run_as_they_are(convolution, pooling):
    images, _ = batch()
    layers = nn.Sequential(convolution, pooling)
    assert torch.equal(fast.run(layers, images), layers(images))


@pytest.mark.parametrize(
    "convolution", [nn.Conv2d(1, 6, 32, padding=1), nn.Conv2d(2, 6, 32, groups=2)]
)
def test_other_large_kernels_run_as_they_are(convolution):
    images, _ = batch()
    images = images.expand(-1, convolution.in_channels, -1, -1)
    layers = nn.Sequential(convolution)
    assert torch.equal(fast.run(layers, images), layers(images))


def test_the_papers_network_has_only_c5_to_change():
    images, _ = batch()
    paper = network(LeNet5_1998)
    assert list(paper).index(paper.C5) == 8
    below = paper[:8]
    assert torch.equal(fast.run(below, images), below(images))
    assert distance(fast.run(paper, images), paper(images)) < 1e-5


def test_training_takes_the_fast_path():
    """The layers that it replaces are never run."""
    network, (images, labels) = LeNet5(), batch()

    def run(*_):
        raise AssertionError("a layer of its own")

    for layer in (network.C1, network.S2, network.C3, network.S4, network.C5):
        layer.register_forward_hook(run)
    train(network, images, labels, Adam(epochs=1, batch_size=10), loss=F.cross_entropy)
