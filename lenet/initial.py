"""Initial weights drawn from the fan-in F of each unit (appendix A).

A weight and the bias of its unit are drawn from the same range. All units that share a weight
have the same F, so F is a number a kernel: in C3 it is 75, 100 or 150, by Table I.
"""

from functools import singledispatch
from typing import TypeVar

import torch
from torch import Generator, Tensor, nn

from lenet.layers import Subsampling, TableConvolution
from lenet.paper import FIRST_WEIGHTS

Network = TypeVar("Network", bound=nn.Module)


@singledispatch
def fan_in(layer: nn.Module) -> dict[str, Tensor]:
    """For each parameter of ``layer``, the inputs of its unit, to broadcast against it."""
    raise TypeError(f"no fan-in is known for the layer {type(layer).__name__}")


@fan_in.register(nn.Conv2d)
@fan_in.register(nn.Linear)
def _(layer: nn.Conv2d | nn.Linear) -> dict[str, Tensor]:
    inputs = torch.tensor(float(layer.weight[0].numel()))
    return {"weight": inputs, "bias": inputs}


@fan_in.register
def _(layer: TableConvolution) -> dict[str, Tensor]:
    a_kernel = layer.weight[0].numel()
    a_map = torch.tensor([float(len(inputs) * a_kernel) for inputs in layer.table])
    return {"weight": a_map[layer.outputs][:, None, None], "bias": a_map}


@fan_in.register
def _(layer: Subsampling) -> dict[str, Tensor]:
    inputs = torch.tensor(4.0)
    return {"coefficient": inputs, "bias": inputs}


def uniform(parameter: Tensor, bound: Tensor, generator: Generator) -> None:
    """Fill ``parameter`` in place, uniformly between -bound and bound."""
    with torch.no_grad():
        parameter.uniform_(-1, 1, generator=generator).mul_(bound)


def initialise(network: Network, seed: int, rule: str = "variance") -> Network:
    """Draw every weight of ``network`` anew, uniformly, by one of three rules; returns it.

    ``"paper"``: in +-2.4 / F, as appendix A says. ``"root"``: in +-2.4 / sqrt(F).
    ``"variance"``: in +-sqrt(3 / F), which has variance 1 / F. In the last two a coefficient on
    the sum of four inputs counts F = 16: four equal inputs have 16 times the variance of one.
    Raises ``ValueError`` for another rule and ``TypeError`` for a layer without a known fan-in.
    """
    numerator = FIRST_WEIGHTS["numerator"]
    bounds = {
        "paper": lambda layer, f: numerator / f,
        "root": lambda layer, f: numerator / (f if adds_first(layer) else f.sqrt()),
        "variance": lambda layer, f: 3**0.5 / (f if adds_first(layer) else f.sqrt()),
    }
    if rule not in bounds:
        raise ValueError(f"rule is one of {', '.join(bounds)}, not {rule!r}")
    generator = Generator().manual_seed(seed)
    for layer in network.modules():
        own = dict(layer.named_parameters(recurse=False))
        if own:
            for name, inputs in fan_in(layer).items():
                uniform(own[name], bounds[rule](layer, inputs), generator)
    return network


def adds_first(layer: nn.Module) -> bool:
    """Whether ``layer`` adds its inputs before it weighs them, as S2 and S4 do."""
    return isinstance(layer, Subsampling) and not layer.mean
