"""The paper's ideas, one small class each. PyTorch has the rest (``Conv2d``, ``Linear``).

Every layer takes a batch first. Maps are (N, maps, height, width), vectors (N, units).
"""

from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet.paper import BITMAPS, SQUASH

AMPLITUDE = SQUASH["A"]  # so that f(1) = 1 and f(-1) = -1
SLOPE = float(Fraction(SQUASH["S"]))  # the curvature of f is largest near -1 and 1


class Squash(nn.Module):
    """f(a) = A tanh(S a) with A = 1.7159 and S = 2/3 (section II-B, appendix A). Any shape."""

    def forward(self, a: Tensor) -> Tensor:
        return AMPLITUDE * torch.tanh(SLOPE * a)


class Subsampling(nn.Module):
    """S2 and S4: each unit adds 2x2 inputs, times a coefficient, plus a bias (section II-B).

    One trainable coefficient and one trainable bias a map. (N, maps, H, W) to
    (N, maps, H/2, W/2). Section II-A speaks of the mean of the four inputs instead of their sum:
    ``mean=True``. Both compute the same functions, with coefficients that differ by 4.
    """

    def __init__(self, maps: int, *, mean: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.coefficient = nn.Parameter(torch.full((maps,), 1.0 if mean else 0.25))
        self.bias = nn.Parameter(torch.zeros(maps))

    def extra_repr(self) -> str:
        return f"{len(self.bias)} maps, the {'mean' if self.mean else 'sum'} of 2x2"

    def pooled(self, x: Tensor) -> Tensor:
        """The sum (or mean) of each 2x2 block, before the coefficient."""
        mean = F.avg_pool2d(x, 2)
        return mean if self.mean else 4 * mean

    def forward(self, x: Tensor) -> Tensor:
        return self.coefficient[:, None, None] * self.pooled(x) + self.bias[:, None, None]


class TableConvolution(nn.Module):
    """C3: a convolution in which each map sees only some of the maps below (Table I).

    ``table[o]`` lists the input maps of output map ``o``. ``weight`` holds one kernel for each
    entry of the table, (kernels, k, k), in the table's order: what is not connected has no
    weight. (N, inputs, H, W) to (N, len(table), H-k+1, W-k+1).
    """

    outputs: Tensor  # (kernels,): the map of C3 that each kernel adds to
    inputs: Tensor  # (kernels,): the map of S2 that it reads

    def __init__(self, table: Sequence[Sequence[int]], kernel_size: int) -> None:
        super().__init__()
        self.table = [list(inputs) for inputs in table]
        pairs = [(o, i) for o, inputs in enumerate(self.table) for i in inputs]
        self.register_buffer("outputs", torch.tensor([o for o, _ in pairs]), persistent=False)
        self.register_buffer("inputs", torch.tensor([i for _, i in pairs]), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(pairs), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(self.table)))
        bound = kernel_size**-1
        nn.init.uniform_(self.weight, -bound, bound)

    def extra_repr(self) -> str:
        kernels, height, width = self.weight.shape
        return f"{kernels} kernels of {height}x{width}, table={self.table}"

    def forward(self, x: Tensor) -> Tensor:
        kernel_size = self.weight.shape[-1]
        every = x.new_zeros(len(self.table), x.shape[1], kernel_size, kernel_size)
        every = every.index_put((self.outputs, self.inputs), self.weight)
        return F.conv2d(x, every, self.bias)


class RBF(nn.Module):
    """Output units that measure the squared distance to a fixed code (eq. 7).

    y_i = sum_j (x_j - w_ij)^2: (N, 84) to (N, 10), and the smallest wins. ``codes`` is
    (10, 84) with components -1 and 1; it is kept with the weights but not trained.
    """

    codes: Tensor

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        self.register_buffer("codes", codes)

    def extra_repr(self) -> str:
        return "{1} inputs, {0} codes".format(*self.codes.shape)

    def forward(self, x: Tensor) -> Tensor:
        return ((x[:, None, :] - self.codes) ** 2).sum(dim=2)


def bitmap_codes() -> Tensor:
    """The ten 7x12 bitmaps of Fig. 3 as (10, 84) float32: black is 1, white is -1, row by row.

    The paper does not say which of the two is +1. It cannot matter: the squash is odd.
    """
    drawn = ["".join(BITMAPS[str(digit)]) for digit in range(10)]
    return torch.tensor([[1.0 if pixel == "#" else -1.0 for pixel in rows] for rows in drawn])
