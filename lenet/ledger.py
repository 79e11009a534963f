"""The ledger: shape, parameters, connections and multiply-adds of each layer, computed.

A connection is counted the paper's way (section II-B): every output unit has one from each of
its inputs and one from its bias, whoever shares the weight. A multiply-add is a product with a
weight, so biases and plain means have none.
"""

from dataclasses import dataclass
from functools import singledispatch
from math import prod

import torch
from torch import nn

from lenet.layers import RBF, Squash, Subsampling, TableConvolution

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One layer of a network, for one image. ``shape`` is channels-first, without the batch."""

    name: str
    kind: str
    shape: Shape
    parameters: int
    connections: int
    multiply_adds: int

    @property
    def channels_last(self) -> Shape:
        """The same shape as Keras writes it: (28, 28, 6) for (6, 28, 28)."""
        return (*self.shape[1:], self.shape[0])


@dataclass(frozen=True)
class Cost:
    """What one elementary layer is called, and what it adds to its row."""

    kind: str
    connections: int = 0
    multiply_adds: int = 0


@singledispatch
def cost(layer: nn.Module, shape: Shape) -> Cost:
    """The cost of ``layer`` when its output for one image has ``shape``.

    Raises ``TypeError`` for a layer that the ledger does not know.
    """
    raise TypeError(f"the ledger does not know the layer {type(layer).__name__}")


@cost.register
def _(layer: nn.Conv2d, shape: Shape) -> Cost:
    units, fan_in = prod(shape), prod(layer.weight.shape[1:])
    return Cost("convolution", units * (fan_in + has_bias(layer)), units * fan_in)


@cost.register
def _(layer: TableConvolution, shape: Shape) -> Cost:
    units_a_map = prod(shape[1:])
    products = units_a_map * layer.weight.numel()
    return Cost("convolution", products + prod(shape), products)


@cost.register
def _(layer: nn.AvgPool2d, shape: Shape) -> Cost:
    side = layer.kernel_size
    return Cost("pooling", prod(shape) * (side**2 if isinstance(side, int) else prod(side)))


@cost.register
def _(layer: Subsampling, shape: Shape) -> Cost:
    return Cost("subsampling", prod(shape) * (2 * 2 + 1), prod(shape))


@cost.register
def _(layer: nn.Linear, shape: Shape) -> Cost:
    units, fan_in = prod(shape), layer.in_features
    return Cost("dense", units * (fan_in + has_bias(layer)), units * fan_in)


def has_bias(layer: nn.Conv2d | nn.Linear) -> bool:
    """Whether each unit of ``layer`` has one connection more than inputs."""
    return layer.bias is not None


@cost.register
def _(layer: RBF, shape: Shape) -> Cost:
    return Cost("RBF", layer.codes.numel(), layer.codes.numel())


@cost.register(nn.Flatten)
def _(layer: nn.Flatten, shape: Shape) -> Cost:
    return Cost("flatten")


@cost.register(Squash)
@cost.register(nn.Tanh)
@cost.register(nn.Sigmoid)
@cost.register(nn.ReLU)
def _(layer: nn.Module, shape: Shape) -> Cost:
    return Cost("activation")


def ledger(network: nn.Sequential, input_shape: Shape = (1, 32, 32)) -> list[Row]:
    """A row for the input and one for each layer of ``network``, from one blank image.

    The activation of a weighted sum has no row of its own, as in the paper and the summary: only
    one that follows a plain pooling does. Raises ``TypeError`` for a layer that is not known.
    """
    rows = [Row("input", "input", tuple(input_shape), 0, 0, 0)]
    like = next(network.parameters(), torch.zeros(0))  # of any type, on any device
    x = torch.zeros(1, *input_shape, dtype=like.dtype, device=like.device)
    for name, layer in network.named_children():
        x = layer(x)
        shape = tuple(x.shape[1:])
        here = cost(layer, shape)
        if here.kind == "activation" and rows[-1].kind not in ("input", "pooling"):
            continue
        parameters = sum(parameter.numel() for parameter in layer.parameters())
        rows.append(Row(name, here.kind, shape, parameters, here.connections, here.multiply_adds))
    return rows


def totals(rows: list[Row]) -> Row:
    """The sums over ``rows``, as a row named total with the shape of the last layer."""
    return Row(
        "total",
        "",
        rows[-1].shape,
        sum(row.parameters for row in rows),
        sum(row.connections for row in rows),
        sum(row.multiply_adds for row in rows),
    )


def table(network: nn.Sequential, *, channels_last: bool = False) -> str:
    """The ledger as text: a row a layer with ``None`` for the batch, then the totals."""
    rows = ledger(network)
    total = totals(rows)
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    cells = [["layer", "type", "output shape", "parameters", "connections", "multiply-adds"]]
    for row in rows:
        shape = row.channels_last if channels_last else row.shape
        shape_text = f"({', '.join(['None', *map(str, shape)])})"
        numbers = (row.parameters, row.connections, row.multiply_adds)
        cells.append([row.name, row.kind, shape_text, *(f"{number:,}" for number in numbers)])
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = [
        "  ".join(
            text.ljust(width) if column < 3 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "-" * len(lines[0]))
    lines.append("")
    lines.append(f"Total parameters: {total.parameters:,}")
    lines.append(f"Trainable parameters: {trainable:,}")
    lines.append(f"Connections: {total.connections:,}")
    return "\n".join(lines)
