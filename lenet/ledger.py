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
    return Cost("convolution", units * (fan_in + 1), units * fan_in)


@cost.register
def _(layer: TableConvolution, shape: Shape) -> Cost:
    units_a_map = prod(shape[1:])
    products = units_a_map * layer.weight.numel()
    return Cost("convolution", products + prod(shape), products)


@cost.register
def _(layer: nn.AvgPool2d, shape: Shape) -> Cost:
    return Cost("pooling", prod(shape) * layer.kernel_size**2)


@cost.register
def _(layer: Subsampling, shape: Shape) -> Cost:
    return Cost("subsampling", prod(shape) * (2 * 2 + 1), prod(shape))


@cost.register
def _(layer: nn.Linear, shape: Shape) -> Cost:
    fan_in = layer.in_features
    return Cost("dense", prod(shape) * (fan_in + 1), prod(shape) * fan_in)


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

    A layer made of several parts (a weighted sum and its squash) is one row, called after the
    part that costs most. Raises ``TypeError`` for a layer that is not known.
    """
    rows = [Row("input", "input", tuple(input_shape), 0, 0, 0)]
    x = torch.zeros(1, *input_shape)
    for name, layer in network.named_children():
        costs = []
        for part in layer if isinstance(layer, nn.Sequential) else [layer]:
            x = part(x)
            costs.append(cost(part, tuple(x.shape[1:])))
        rows.append(
            Row(
                name,
                max(costs, key=lambda c: c.connections).kind,
                tuple(x.shape[1:]),
                sum(parameter.numel() for parameter in layer.parameters()),
                sum(c.connections for c in costs),
                sum(c.multiply_adds for c in costs),
            )
        )
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
    lines.append(f"Trainable parameters: {sum(p.numel() for p in network.parameters()):,}")
    lines.append(f"Connections: {total.connections:,}")
    return "\n".join(lines)
