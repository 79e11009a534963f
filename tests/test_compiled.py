"""The compiled pass against the plain one: the same gradients, the same weights, the same count."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lenet import compiled, sdlm
from lenet.initial import initialise
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import LeNet5_1998

ROOT = Path(__file__).parents[1]


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


# ---------------------------------------------------------------- the same code, however it came


def in_a_new_process(script: str, folder: Path, code: Path = ROOT) -> str:
    """What ``script`` prints, with the packages in ``code`` and what numba may keep in a folder."""
    places = os.pathsep.join([str(code), str(ROOT / "tests")])
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": places}
    command = [sys.executable, "-P", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    return run.stdout


BITS = """
print(hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in made.parameters())).hexdigest())
"""
PASS = """
import hashlib
from test_compiled import network
from test_training import digits
from lenet import compiled, sdlm
from lenet.losses import MaximumAPosteriori
made, (images, labels), loss = network(False, False), digits(2000), MaximumAPosteriori(1.0)
rates = sdlm.rates(sdlm.curvature(made, loss, images[:100], labels[:100]), eta=0.0005, mu=0.02)
compiled.run_pass(made, loss, rates, images, labels)
"""


def test_two_processes_make_the_same_network_bit_for_bit(tmp_path):
    """The second would take what the first has kept, which once was other code."""
    first, second = (in_a_new_process(PASS + BITS, tmp_path) for _ in range(2))
    assert len(first) == 65
    assert first == second


RIVAL = """
import hashlib, torch
from lenet_paper.classifiers import compiled_rivals, rivals
from lenet.losses import MaximumLikelihood
made = rivals.fully_connected(64, 5, 10)
made.load_state_dict({name: torch.full_like(one, 0.1) for name, one in made.state_dict().items()})
rates = {name: torch.full_like(one, 0.1) for name, one in made.named_parameters()}
one = torch.ones(1, 1, 8, 8), torch.tensor([3])
compiled_rivals.run_pass(made, MaximumLikelihood(), rates, *one)
"""


def test_a_loop_takes_the_edit_of_a_kernel_in_another_file(tmp_path):
    for package in ("lenet", "lenet_paper"):
        shutil.copytree(ROOT / package, tmp_path / package)
    before = in_a_new_process(RIVAL + BITS, tmp_path / "kept", tmp_path)
    kernels = tmp_path / "lenet" / "compiled.py"
    text = kernels.read_text(encoding="utf-8")
    assert text.count("added = b[o]") == 1
    kernels.write_text(text.replace("added = b[o]", "added = b[o] + ONE"), encoding="utf-8")
    assert in_a_new_process(RIVAL + BITS, tmp_path / "kept", tmp_path) != before
