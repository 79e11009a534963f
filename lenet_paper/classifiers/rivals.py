"""The networks of Fig. 9 other than LeNet-5: fully connected ones, LeNet-1 and LeNet-4.

All end in ten squashed units, trained to 1 for the class and -1 for the others: the squared error
is the distance to the class's row of `PLACES`, which is eq. 8. The smallest distance wins, which is
that of the largest unit.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from lenet.layers import RBF, Squash, Subsampling, TableConvolution
from lenet.ledger import Cost, Shape, cost
from lenet.networks import Chain

PLACES = 2 * torch.eye(10) - 1  # the code of a class: 1 in its place

# H3 of the network of 1989, which has the numbers that the paper gives for LeNet-1.
LENET1_INPUTS = [[0], [0, 1], [0, 1], [1], [0, 1], [0, 1], [2], [2, 3], [2, 3], [3], [2, 3], [2, 3]]
# The paper does not print LeNet-4's table. Its 260,000 connections leave room for 47 kernels: three
# inputs for each of 16 maps are 48, and so every input is seen by six maps.
LENET4_INPUTS = [sorted((o + step) % 8 for step in (0, 1 + o // 8, 3 + o // 8)) for o in range(16)]


class Rival(Chain):
    """(N, 1, H, H) to (N, 10) squared distances to PLACES, the smallest of which wins."""

    C3: TableConvolution  # of those that have one
    F6: nn.Linear
    output: RBF

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__(**layers, output=RBF(PLACES))


class Twice(nn.Module):
    """Each map two times over, side by side: (N, maps, H, W) to (N, 2 * maps, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(2, dim=1)


@cost.register
def _(layer: Twice, shape: Shape) -> Cost:
    return Cost("copy")


def fully_connected(*units: int) -> Rival:
    """``fully_connected(784, 300, 10)`` is the paper's 28x28-300-10."""
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    for number, (inputs, outputs) in enumerate(pairwise(units), start=1):
        layers |= {f"F{number}": nn.Linear(inputs, outputs), f"squash{number}": Squash()}
    return Rival(**layers)


def lenet1() -> Rival:
    """28x28, in whose middle the digit takes 16x16: 2,578 parameters."""
    return Rival(
        C1=nn.Conv2d(1, 4, kernel_size=5),  # 4 x 24 x 24
        squash1=Squash(),
        S2=Subsampling(4),  # 4 x 12 x 12
        squash2=Squash(),
        C3=TableConvolution(LENET1_INPUTS, kernel_size=5),  # 12 x 8 x 8
        squash3=Squash(),
        S4=Subsampling(12),  # 12 x 4 x 4
        squash4=Squash(),
        flatten=nn.Flatten(),  # 192
        F5=nn.Linear(192, 10),
        squash5=Squash(),
    )


def lenet4() -> Rival:
    """32x32, as LeNet-5: 50,698 parameters, 262,306 connections.

    The paper says about 260,000 connections and about 17,000 parameters. Both cannot be: the
    weights of the 120 units alone are 48,000. We keep to the connections.
    """
    return Rival(
        C1=nn.Conv2d(1, 4, kernel_size=5),  # 4 x 28 x 28
        squash1=Squash(),
        twice=Twice(),  # 8 x 28 x 28
        S2=Subsampling(8),  # 8 x 14 x 14
        squash2=Squash(),
        C3=TableConvolution(LENET4_INPUTS, kernel_size=5),  # 16 x 10 x 10
        squash3=Squash(),
        S4=Subsampling(16),  # 16 x 5 x 5
        squash4=Squash(),
        flatten=nn.Flatten(),  # 400
        F5=nn.Linear(400, 120),  # 120
        squash5=Squash(),
        F6=nn.Linear(120, 10),
        squash6=Squash(),
    )


CONVOLUTIONAL = {"lenet1": lenet1, "lenet4": lenet4}  # by their rows of Fig. 9
