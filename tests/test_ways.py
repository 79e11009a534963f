"""The ways of the benchmarks compute what the layers say: outputs and gradients."""

import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from lenet.initial import initialise
from lenet.networks import LeNet5

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from ways import OTHERS, STEPS

FORMS = dict.fromkeys(form for form, _ in (STEPS | OTHERS).values())


def gradients(network, form):
    images = 1.275 * torch.rand(20, 1, 32, 32, generator=torch.Generator().manual_seed(1)) - 0.1
    network.zero_grad()
    logits = form(network, images)
    F.cross_entropy(logits, torch.arange(20) % 10).backward()
    return [logits.detach(), *(parameter.grad.clone() for parameter in network.parameters())]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_form_gives_the_layers_outputs_and_gradients(form):
    network = LeNet5()
    initialise(network, 3)
    expected = gradients(network, lambda network, x: network(x))
    found = gradients(network, form)
    assert len(found) == 11
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert (one - other).norm() < 1e-5 * other.norm()
