"""Appendix C against loops that follow its equations, and against exact diagonals."""

import copy
import math
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, jacrev, vmap

from lenet import sdlm
from lenet.initial import initialise
from lenet.layers import RBF, Squash, Subsampling, TableConvolution
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import Chain, LeNet5, LeNet5_1998
from lenet.paper import SCHEDULE
from lenet.sdlm import SDLM
from lenet.training import train

LOSSES = [MaximumLikelihood(), MaximumAPosteriori(0.1), MaximumAPosteriori(8.0)]
CODES = torch.tensor([[1.0, -1, 1, 1, -1], [-1, -1, 1, -1, 1], [1, 1, -1, -1, -1]])


@pytest.fixture(autouse=True)
def in_double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def small(mean: bool = False) -> Chain:
    """All the kinds of layer of the paper's network, on 8x8 images."""
    network = Chain(
        C=nn.Conv2d(1, 2, 3),  # 2 x 6 x 6
        squash_c=Squash(),
        S=Subsampling(2, mean=mean),  # 2 x 3 x 3
        squash_s=Squash(),
        T=TableConvolution([[0], [0, 1], [1]], 2),  # 3 x 2 x 2
        squash_t=Squash(),
        flatten=nn.Flatten(),
        F=nn.Linear(12, 5),
        squash_f=Squash(),
        output=RBF(CODES.double()),
    )
    return initialise(network, seed=1)


def patterns(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 1, 8, 8, generator=generator), torch.arange(count) % 3


# ------------------------------------------------- an independent reading: one unit at a time


def f(a):
    return 1.7159 * np.tanh(2 / 3 * a)


def f_slope(a):
    return 1.7159 * 2 / 3 / np.cosh(2 / 3 * a) ** 2


class Unit:
    """A unit by its connections: (unit below, name of the weight, index of the weight)."""

    def __init__(self, connections, scale=1.0):
        self.connections = connections
        self.scale = scale
        self.a = self.x = self.h_x = 0.0


def wire(network):
    """The small network as units: a list of layers, each a list of `Unit`."""
    conv, table = network.C, network.T
    inputs = [Unit([]) for _ in range(64)]
    c = [
        Unit(
            [
                (inputs[8 * (y + u) + x + v], "C.weight", (o, 0, u, v))
                for u in range(3)
                for v in range(3)
            ]
            + [(None, "C.bias", (o,))]
        )
        for o in range(conv.out_channels)
        for y in range(6)
        for x in range(6)
    ]
    s = [
        Unit(
            [
                (c[36 * m + 6 * (2 * y + u) + 2 * x + v], "S.coefficient", (m,))
                for u in (0, 1)
                for v in (0, 1)
            ]
            + [(None, "S.bias", (m,))],
            scale=0.25 if network.S.mean else 1.0,
        )
        for m in range(2)
        for y in range(3)
        for x in range(3)
    ]
    kernels = iter(range(len(table.weight)))
    t = []
    for o, maps in enumerate(table.table):
        own = [(i, next(kernels)) for i in maps]
        for y in range(2):
            for x in range(2):
                t.append(
                    Unit(
                        [
                            (s[9 * i + 3 * (y + u) + x + v], "T.weight", (k, u, v))
                            for i, k in own
                            for u in (0, 1)
                            for v in (0, 1)
                        ]
                        + [(None, "T.bias", (o,))]
                    )
                )
    d = [
        Unit([(t[k], "F.weight", (o, k)) for k in range(12)] + [(None, "F.bias", (o,))])
        for o in range(5)
    ]
    return [inputs, c, s, t, d]


def curvature_by_units(network, loss, images, labels):
    """Eqs. 23 to 27 to the letter: unit by unit, connection by connection, no matrices."""
    weights = {name: p.detach().numpy() for name, p in network.named_parameters()}
    h = {name: np.zeros_like(w) for name, w in weights.items()}
    for image, label in zip(images, labels, strict=True):
        layers = wire(network)
        for unit, pixel in zip(layers[0], image.flatten().tolist(), strict=True):
            unit.x = pixel
        for layer in layers[1:]:
            for unit in layer:
                unit.a = sum(
                    weights[name][index] * (1.0 if below is None else unit.scale * below.x)
                    for below, name, index in unit.connections
                )
                unit.x = f(unit.a)
        x = torch.tensor([unit.x for unit in layers[-1]])
        exact = jacrev(grad(lambda z, y=label: loss(network.output(z[None]), y[None])))(
            x
        ).diagonal()
        for unit, value in zip(layers[-1], exact.tolist(), strict=True):
            unit.h_x = value
        for layer in reversed(layers[1:]):
            for unit in layer:
                h_a = f_slope(unit.a) ** 2 * unit.h_x  # eq. 27, outer factor
                for below, name, index in unit.connections:
                    x_below = 1.0 if below is None else unit.scale * below.x
                    h[name][index] += h_a * x_below**2  # eqs. 23 and 25
                    if below is not None:
                        below.h_x += (unit.scale * weights[name][index]) ** 2 * h_a
    return {name: value / len(images) for name, value in h.items()}


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("mean", [False, True])
def test_the_literal_curvature_is_that_of_the_equations_unit_by_unit(loss, mean):
    network, (images, labels) = small(mean), patterns(4)
    expected = curvature_by_units(network, loss, images, labels)
    computed = sdlm.curvature(network, loss, images, labels, literal=True)
    assert computed.keys() == expected.keys()
    for name, h in computed.items():
        np.testing.assert_allclose(h.numpy(), expected[name], rtol=1e-9, err_msg=name)


def test_only_the_coefficients_depend_on_the_reading():
    network, (images, labels) = small(), patterns(4)
    loss = MaximumLikelihood()
    plain = sdlm.curvature(network, loss, images, labels)
    literal = sdlm.curvature(network, loss, images, labels, literal=True)
    differing = {name for name in plain if not torch.allclose(plain[name], literal[name])}
    assert differing == {"S.coefficient"}


# ------------------------------------------------------------------- exact diagonals


def gauss_newton(network, loss, images, labels):
    """The exact Gauss-Newton diagonal, with the RBF units and the loss as the outer function."""
    body, rbf = network[:-1], network[-1]
    parameters = {name: p.detach() for name, p in body.named_parameters()}

    def of_one(image, label):
        def x(parameters):
            return functional_call(body, parameters, image[None])[0]

        outer = jacrev(grad(lambda z: loss(rbf(z[None]), label[None])))(x(parameters))
        jacobian = jacrev(x)(parameters)
        return {
            name: torch.einsum("i...,ij,j...->...", j, outer, j) for name, j in jacobian.items()
        }

    return {name: h.mean(dim=0) for name, h in vmap(of_one)(images, labels).items()}


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_the_last_layer_has_the_exact_gauss_newton_diagonal(loss):
    network, (images, labels) = small(), patterns(6)
    exact = gauss_newton(network, loss, images, labels)
    computed = sdlm.curvature(network, loss, images, labels)
    for name in ("F.weight", "F.bias"):
        torch.testing.assert_close(computed[name], exact[name])


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_a_chain_of_single_units_has_it_everywhere(loss):
    """With one unit a layer there are no off-diagonal terms to drop."""
    network = Chain(
        C=nn.Conv2d(1, 1, 7),  # 1 x 2 x 2, each of which S adds up
        squash_c=Squash(),
        S=Subsampling(1),
        squash_s=Squash(),
        T=TableConvolution([[0]], 1),
        squash_t=Squash(),
        flatten=nn.Flatten(),
        F=nn.Linear(1, 1),
        squash_f=Squash(),
        output=RBF(CODES[:, :1].double()),
    )
    initialise(network, seed=2)
    images, labels = patterns(6)
    exact = gauss_newton(network, loss, images, labels)
    computed = sdlm.curvature(network, loss, images, labels)
    for name in set(exact) - {"C.weight", "C.bias"}:  # C's four units share their weights
        torch.testing.assert_close(computed[name], exact[name], msg=lambda m, n=name: f"{n}: {m}")


def test_curvature_of_eq8_at_the_rbf_units_is_two():
    network, (images, labels) = small(), patterns(5)
    slope, bend = sdlm.loss_derivatives(MaximumLikelihood(), network(images).detach(), labels)
    h = sdlm.through_rbf(network[-1], network[:-1](images).detach(), slope, bend)
    torch.testing.assert_close(h, torch.full((5, 5), 2.0))


def test_a_mean_pooling_and_a_plain_output_are_known_too():
    """The same network with nn.AvgPool2d as with a Subsampling by 1/4, and no RBF units."""
    images, labels = patterns(5)

    def loss(outputs, labels):
        return ((outputs - labels[:, None]) ** 2).sum(dim=1).mean()

    pooled = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.AvgPool2d(2), Squash(), nn.Flatten(), nn.Linear(18, 3)
    )
    subsampled = copy.deepcopy(pooled)
    subsampled[1] = Subsampling(2)
    ours = sdlm.curvature(pooled, loss, images, labels)
    other = sdlm.curvature(subsampled, loss, images, labels)
    for name, h in ours.items():
        torch.testing.assert_close(h, other[name])


def test_a_chain_inside_a_chain_is_taken_apart():
    """The same layers in three groups: the same curvatures, with the names of the groups."""
    flat, (images, labels) = small(), patterns(5)
    groups = Chain(first=flat[:3], second=flat[3:9], output=flat.output)
    loss = MaximumLikelihood()
    expected = sdlm.curvature(flat, loss, images, labels)
    found = sdlm.curvature(groups, loss, images, labels)
    assert {name.partition(".")[2] for name in found} == set(expected)
    for name, h in found.items():
        assert torch.equal(h, expected[name.partition(".")[2]]), name
    assert set(found) == {name for name, _ in groups.named_parameters()}


# ------------------------------------------------------------------------- training


def test_rates_are_eq_21():
    rates = sdlm.rates({"w": torch.tensor([0.0, 0.08])}, eta=0.0005, mu=0.02)
    torch.testing.assert_close(rates["w"], torch.tensor([0.025, 0.005]))


def test_a_pass_moves_after_every_pattern_and_counts_on_the_fly():
    network, (images, labels) = small(), patterns(6)
    by_hand, loss = copy.deepcopy(network), MaximumLikelihood()
    rates = {n: torch.rand_like(p) * 0.05 for n, p in network.named_parameters()}
    total, wrong = 0.0, 0
    for image, label in zip(images, labels, strict=True):
        by_hand.zero_grad()
        y = by_hand(image[None])
        wrong += int(y.argmin() != label)
        lost = loss(y, label[None])
        lost.backward()
        total += lost.item()
        for name, p in by_hand.named_parameters():
            p.data -= rates[name] * p.grad
    found = sdlm.run_pass(network, loss, rates, images, labels)
    assert found == (pytest.approx(total), wrong)
    assert wrong > 0
    for p, q in zip(network.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_a_pass_leaves_what_needs_no_gradient_and_moves_the_rest_as_ever():
    """After one pattern: later ones meet other weights."""
    frozen, free = small(), small()
    images, labels = patterns(1)
    frozen.T.requires_grad_(False)
    rates = {n: torch.full_like(p, 0.05) for n, p in free.named_parameters()}
    for network in (frozen, free):
        sdlm.run_pass(network, MaximumLikelihood(), rates, images, labels)
    for (name, p), q in zip(frozen.named_parameters(), free.parameters(), strict=True):
        expected = dict(small().named_parameters())[name] if name.startswith("T.") else q
        assert torch.equal(p, expected), name


@pytest.fixture
def spied(monkeypatch):
    """Nothing is trained: each pass is kept as (images, labels, the largest rate)."""
    seen = []

    def spy(network, loss, rates, images, labels):
        seen.append((images, labels, max(r.max().item() for r in rates.values())))
        return 60.0, 7

    monkeypatch.setattr(sdlm, "fastest_pass", lambda network, loss: spy)
    return seen


def test_training_follows_the_papers_schedule_in_one_constant_order(spied):
    network, (images, labels) = small(), patterns(30)
    epochs = train(network, images, labels, SDLM(), loss=MaximumLikelihood(), seed=0)
    assert [(epoch.loss, epoch.wrong) for epoch in epochs] == [(2.0, 7)] * SCHEDULE["passes"]
    order, their_labels, first = spied[0]
    assert all(torch.equal(images, order) for images, _, _ in spied)
    assert all(torch.equal(labels, their_labels) for _, labels, _ in spied)
    assert not torch.equal(order, images)
    moved_to = [int((image == images).flatten(1).all(dim=1).nonzero()) for image in order]
    assert sorted(moved_to) == list(range(30))
    assert torch.equal(their_labels, labels[moved_to])
    # h stays the same, as all 30 patterns are fewer than 500
    for (_, _, rate), eta in zip(spied, SCHEDULE["global_rate"], strict=True):
        assert math.isclose(rate / first, eta / SCHEDULE["global_rate"][0], rel_tol=1e-9)


def test_each_pass_has_its_own_rate_and_shows_what_show_gives(spied):
    network, (images, labels) = small(), patterns(30)
    etas = (0.0005, 0.0005, 0.0002, 0.0002)
    recipe = SDLM(etas=etas, show=lambda images, seed, epoch: images + 100 * seed + epoch)
    loss = MaximumLikelihood()
    assert len(train(network, images, labels, recipe, loss=loss, seed=3)) == 4
    order = spied[0][0] - 300
    assert torch.allclose(order.sum(dim=0), images.sum(dim=0))
    # h is measured on what is shown, and brighter images have another
    for number, (shown, their_labels, rate) in enumerate(spied):
        assert torch.equal(their_labels, spied[0][1])
        torch.testing.assert_close(shown, order + 300 + number)
        h = sdlm.curvature(network, loss, shown, their_labels)
        largest = max(r.max().item() for r in sdlm.rates(h, etas[number], SCHEDULE["mu"]).values())
        assert math.isclose(rate, largest, rel_tol=1e-9)


def test_the_curvature_is_measured_on_so_many_patterns_drawn_anew(spied, monkeypatch):
    drawn = []

    def spy(network, loss, images, labels, *, literal):
        drawn.append((set(images.flatten(1).sum(dim=1).tolist()), len(labels), literal))
        return {name: torch.ones_like(p) for name, p in network.named_parameters()}

    monkeypatch.setattr(sdlm, "curvature", spy)
    recipe = SDLM(etas=(0.0005,) * 3, curvature_samples=8, literal=True)
    train(small(), *patterns(30), recipe, loss=MaximumLikelihood())
    assert [(len(some), count, literal) for some, count, literal in drawn] == [(8, 8, True)] * 3
    assert drawn[0][0] != drawn[1][0] != drawn[2][0]


def test_training_lowers_the_error():
    network, (images, labels) = small(), patterns(30)
    loss = MaximumLikelihood()
    before = loss(network(images), labels).item()
    epochs = train(network, images, labels, SDLM().shorter(12), loss=loss)
    assert loss(network(images), labels).item() < before
    assert epochs[-1].loss < epochs[0].loss


def test_the_paper_gives_the_recipe():
    recipe = SDLM()
    assert list(recipe.etas) == SCHEDULE["global_rate"]
    assert (recipe.epochs, recipe.mu) == (SCHEDULE["passes"], SCHEDULE["mu"])
    assert recipe.curvature_samples == SCHEDULE["curvature_samples"]
    assert not recipe.literal


def test_only_the_papers_network_and_losses_have_a_compiled_pass(monkeypatch):
    from lenet import compiled

    def cross_entropy(distances, labels):
        return nn.functional.cross_entropy(-distances, labels)

    for loss in LOSSES:
        assert sdlm.fastest_pass(LeNet5_1998(), loss) is compiled.run_pass
        assert sdlm.fastest_pass(LeNet5(), loss) is sdlm.run_pass
        assert sdlm.fastest_pass(small(), loss) is sdlm.run_pass
    assert sdlm.fastest_pass(LeNet5_1998(), cross_entropy) is sdlm.run_pass
    monkeypatch.delattr("lenet.compiled")
    monkeypatch.setitem(sys.modules, "lenet.compiled", None)  # as if numba were missing
    assert sdlm.fastest_pass(LeNet5_1998(), LOSSES[0]) is sdlm.run_pass
