"""The compiled pass against the plain one: the same gradients, the same weights, the same count."""

import copy

import pytest
import torch

from lenet import compiled, sdlm
from lenet.initial import initialise
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import LeNet5_1998


def digits_like(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random blots in the range of the real pixels; nothing here needs MNIST."""
    generator = torch.Generator().manual_seed(5)
    images = torch.rand(count, 1, 32, 32, generator=generator) * 1.275 - 0.1
    return images, torch.arange(count) % 10


def network(mean: bool, random_codes: bool) -> LeNet5_1998:
    generator = torch.Generator().manual_seed(6)
    codes = torch.randint(0, 2, (10, 84), generator=generator).float() * 2 - 1
    made = LeNet5_1998(codes=codes if random_codes else None, mean=mean)
    initialise(made, seed=4)
    return made


@pytest.mark.parametrize(
    "loss", [MaximumLikelihood(), MaximumAPosteriori(0.1), MaximumAPosteriori(100.0)], ids=str
)
@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize("random_codes", [False, True])
def test_one_step_has_the_same_gradient(loss, mean, random_codes):
    """With huge rates the weights after one step are the gradient, up to a factor."""
    plain = network(mean, random_codes)
    fast, images_labels = copy.deepcopy(plain), digits_like(1)
    rates = {name: torch.full_like(p, 1e6) for name, p in plain.named_parameters()}
    sdlm.run_pass(plain, loss, rates, *images_labels)
    compiled.run_pass(fast, loss, rates, *images_labels)
    for (name, p), q in zip(plain.named_parameters(), fast.parameters(), strict=True):
        difference = (p - q).abs().max() / p.abs().max()
        assert difference < 1e-5, f"{name}: {difference:.1e}"


def test_many_steps_stay_together_and_count_the_same():
    plain, (images, labels) = network(False, False), digits_like(200)
    fast, loss = copy.deepcopy(plain), MaximumAPosteriori(0.1)
    h = sdlm.curvature(plain, loss, images, labels)
    rates = sdlm.rates(h, eta=0.0005, mu=0.02)
    total, wrong = sdlm.run_pass(plain, loss, rates, images, labels)
    found = compiled.run_pass(fast, loss, rates, images, labels)
    assert found == (pytest.approx(total, rel=1e-4), wrong)
    assert wrong > 0
    for (name, p), q in zip(plain.named_parameters(), fast.named_parameters(), strict=True):
        assert (p - q[1]).norm() / p.norm() < 1e-4, name


def test_the_networks_own_tensors_change_and_the_data_do_not():
    made, (images, labels) = network(False, False), digits_like(3)
    weight, images_before = made.C5.weight, images.clone()
    before = weight.detach().clone()
    rates = {name: torch.full_like(p, 1e-3) for name, p in made.named_parameters()}
    compiled.run_pass(made, MaximumLikelihood(), rates, images, labels)
    assert made.C5.weight is weight
    assert not torch.equal(weight, before)
    assert torch.equal(images, images_before)


@pytest.mark.parametrize("layer", ["C1", "S2", "C3", "S4", "C5", "F6"])
def test_what_needs_no_gradient_keeps_its_values_as_in_the_plain_pass(layer):
    plain, (images, labels) = network(False, False), digits_like(20)
    getattr(plain, layer).requires_grad_(False)
    fast, before = copy.deepcopy(plain), copy.deepcopy(plain)
    rates = {name: torch.full_like(p, 1e-4) for name, p in plain.named_parameters()}
    sdlm.run_pass(plain, MaximumLikelihood(), rates, images, labels)
    compiled.run_pass(fast, MaximumLikelihood(), rates, images, labels)
    for (name, p), q in zip(plain.named_parameters(), fast.parameters(), strict=True):
        stayed = torch.equal(q, dict(before.named_parameters())[name])
        assert stayed == name.startswith(layer), name
        assert (p - q).norm() / p.norm() < 1e-4, name


def test_the_sum_of_the_losses_is_that_of_the_patterns_as_they_came():
    """Nothing moves: it is the loss of the network, times the patterns."""
    made, (images, labels) = network(False, False), digits_like(50)
    still = {name: torch.zeros_like(p) for name, p in made.named_parameters()}
    for loss in (MaximumLikelihood(), MaximumAPosteriori(0.1)):
        total, wrong = compiled.run_pass(made, loss, still, images, labels)
        assert total / 50 == pytest.approx(loss(made(images), labels).item(), rel=1e-5)
        assert wrong == int((made.answer(made(images)) != labels).sum()) > 0


def test_squash_is_exact_to_float32_over_its_whole_range():
    a = torch.cat([torch.linspace(-30, 30, 20001), torch.tensor([0.0, 1e-8, -1e-8])])
    units = a.clone()[None].numpy()
    compiled.squash(units)
    exact = 1.7159 * torch.tanh(a.double() * 2 / 3)
    torch.testing.assert_close(torch.tensor(units[0]).double(), exact, rtol=5e-7, atol=1e-9)
