"""Stochastic diagonal Levenberg-Marquardt, the paper's way of training (appendix C).

Every weight has a rate of its own, eta / (mu + h): where the loss curves much (large h) the steps
are small. h is the mean second derivative over a few hundred patterns, measured before each pass
by a second back-propagation and then kept for the pass. Weights move after every single pattern.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jacrev, vmap
from torch.nn import functional as F

from lenet.layers import AMPLITUDE, RBF, SLOPE, Squash, Subsampling
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import LeNet5_1998, answers
from lenet.paper import SCHEDULE
from lenet.shown import AsTheyAre, Show
from lenet.training import Loss, Trainer

Named = dict[str, Tensor]  # one tensor a parameter, by its name in network.named_parameters()


def elementary(network: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The layers of a chain in the order they run, chains inside it taken apart."""
    for name, layer in network.named_children():
        if isinstance(layer, nn.Sequential):
            yield from elementary(layer, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", layer


def curvature(
    network: nn.Module, loss: Loss, images: Tensor, labels: Tensor, *, literal: bool = False
) -> Named:
    """h of eq. 22: for each weight the second derivative of the loss, averaged over patterns.

    images (N, 1, 32, 32), labels (N,). Off-diagonal terms and f'' are dropped (eqs. 23 to 27), so
    no h is negative. The RBF units and the loss are taken together and keep their whole curvature.
    ``literal`` reads eqs. 23 to 25 to the letter for a Subsampling coefficient: the sum of its
    squared inputs, instead of the square of the summed inputs that it really multiplies.
    """
    layers, inputs, x = list(elementary(network)), [], images
    with torch.no_grad():
        for _, layer in layers:
            inputs.append(x)
            x = layer(x)

    slope, bend = loss_derivatives(loss, x, labels)
    h = bend.diagonal(dim1=1, dim2=2)
    if isinstance(rbf := layers[-1][1], RBF):
        layers.pop()
        h = through_rbf(rbf, inputs.pop(), slope, bend)

    curvatures = {}
    for (name, layer), x in zip(reversed(layers), reversed(inputs), strict=True):
        h, own = second_backward(layer, x, h, literal)
        curvatures.update({f"{name}.{key}": value / len(images) for key, value in own.items()})
    return curvatures


def loss_derivatives(loss: Loss, outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """First and second derivatives of each pattern's loss by its outputs: (N, 10), (N, 10, 10)."""

    def of_one(y: Tensor, label: Tensor) -> Tensor:
        return loss(y[None], label[None])

    return vmap(grad(of_one))(outputs, labels), vmap(jacrev(grad(of_one)))(outputs, labels)


def through_rbf(layer: RBF, x: Tensor, slope: Tensor, bend: Tensor) -> Tensor:
    """The exact second derivatives of the loss by each input x_j of the RBF units: (N, 84).

    dy_i/dx_j = 2 (x_j - w_ij) and d2y_i/dx_j2 = 2, from eq. 7. For eq. 8 the result is 2.
    """
    dy = 2 * (x[:, None, :] - layer.codes)
    return 2 * slope.sum(dim=1, keepdim=True) + torch.einsum("nij,nik,nkj->nj", dy, bend, dy)


@singledispatch
def second_backward(layer: nn.Module, x: Tensor, h: Tensor, literal: bool) -> tuple[Tensor, Named]:
    """Take h of a layer's output to h of its input ``x`` and of its own parameters (summed).

    A layer that is linear in x and in its weights needs no rule of its own: eqs. 25 and 27 are
    its ordinary backward pass with every weight and every input squared.
    """
    squares = {name: (p.detach() ** 2).requires_grad_() for name, p in layer.named_parameters()}
    x_squared = (x**2).requires_grad_()
    a = functional_call(layer, squares, x_squared)
    h_below, *own = torch.autograd.grad(a, [x_squared, *squares.values()], h)
    return h_below, dict(zip(squares, own, strict=True))


@second_backward.register
def _(layer: Squash, x: Tensor, h: Tensor, literal: bool) -> tuple[Tensor, Named]:
    slope = AMPLITUDE * SLOPE * (1 - torch.tanh(SLOPE * x) ** 2)
    return h * slope**2, {}


@second_backward.register
def _(layer: nn.AvgPool2d, x: Tensor, h: Tensor, literal: bool) -> tuple[Tensor, Named]:
    weight = 1 / (2 * 2)  # only such pooling has `to_inputs`
    return to_inputs(h) * weight**2, {}


@second_backward.register
def _(layer: Subsampling, x: Tensor, h: Tensor, literal: bool) -> tuple[Tensor, Named]:
    weight = 1 / 4 if layer.mean else 1
    squared = 4 * F.avg_pool2d((weight * x) ** 2, 2) if literal else layer.pooled(x) ** 2
    own = {"coefficient": (h * squared).sum(dim=(0, 2, 3)), "bias": h.sum(dim=(0, 2, 3))}
    c = layer.coefficient.detach()[:, None, None]
    return to_inputs(h) * (weight * c) ** 2, own


def to_inputs(h: Tensor) -> Tensor:
    """Give each of the 2x2 inputs of a unit that unit's value: (N, maps, H, W) to 2H x 2W."""
    return h.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def rates(curvatures: Named, eta: float, mu: float) -> Named:
    """Eq. 21: the rate of each weight, eta / (mu + h)."""
    return {name: eta / (mu + h) for name, h in curvatures.items()}


def run_pass(
    network: nn.Module, loss: Loss, rates: Named, images: Tensor, labels: Tensor
) -> tuple[float, int]:
    """Show each pattern once, in the order given, and move every weight after each (eq. 18).

    The plain form: what `lenet.compiled.run_pass` does faster. Returns the sum of the losses, and
    the number of patterns that were wrong when their turn came, which is the training error "on
    the fly" of Fig. 5. Parameters that need no gradient keep their values.
    """
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    total, wrong = 0.0, 0
    for image, label in zip(images.split(1), labels.split(1), strict=True):
        outputs = network(image)
        wrong += int(answers(network, outputs) != label)
        lost = loss(outputs, label)
        total += lost.item()
        gradients = torch.autograd.grad(lost, list(parameters.values()))
        with torch.no_grad():
            for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
                parameter.sub_(rates[name] * gradient)
    return total, wrong


@singledispatch
def fastest_pass(network: nn.Module, loss: Loss) -> Callable[..., tuple[float, int]]:
    """The form of `run_pass` that is fastest for ``network``: a compiled one where there is one."""
    return run_pass


@fastest_pass.register
def _(network: LeNet5_1998, loss: Loss) -> Callable[..., tuple[float, int]]:
    if not isinstance(loss, MaximumLikelihood | MaximumAPosteriori):
        return run_pass
    try:
        from lenet import compiled
    except ImportError:  # numba may be missing
        return run_pass
    return compiled.run_pass


class Patterns(Trainer):
    """A training by `SDLM` under way: the patterns keep one random order for all passes."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.run_pass = fastest_pass(self.network, self.loss)
        order = torch.randperm(len(self.images), generator=self.generator)
        self.images, self.labels = self.images[order], self.labels[order]

    def show_all(self, images: Tensor) -> tuple[float, int]:
        recipe, labels = self.recipe, self.labels
        order = torch.randperm(len(images), generator=self.generator)
        some = order[: recipe.curvature_samples]
        measured = images[some], labels[some]
        h = curvature(self.network, self.loss, *measured, literal=recipe.literal)
        own = rates(h, recipe.etas[self.done], recipe.mu)
        return self.run_pass(self.network, self.loss, own, images, labels)


@dataclass(frozen=True)
class SDLM:
    """The paper's recipe (section III-B, appendix C): passes over single patterns.

    Before each pass the curvature is measured on ``curvature_samples`` patterns, drawn anew.
    """

    trainer: ClassVar = Patterns
    etas: tuple[float, ...] = tuple(SCHEDULE["global_rate"])  # eq. 21, one for each pass
    mu: float = SCHEDULE["mu"]
    curvature_samples: int = SCHEDULE["curvature_samples"]
    literal: bool = False  # of `curvature`
    show: Show = field(default_factory=AsTheyAre)

    @property
    def epochs(self) -> int:
        """A pass is an epoch."""
        return len(self.etas)

    def shorter(self, epochs: int) -> "SDLM":
        """The first passes. Raises ``ValueError`` when there are not so many."""
        if epochs > self.epochs:
            raise ValueError(f"{epochs} epochs: the paper's schedule ends after {self.epochs}")
        return replace(self, etas=self.etas[:epochs])
