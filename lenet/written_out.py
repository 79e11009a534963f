"""LeNet-5 as nine matrix products, with the gradients written out: the quickest that we found.

`lenet.fast` leaves the gradients to autograd and serves every network. This one is for `LeNet5`
only, and trains a fifth quicker: ``train(..., forward=written_out.forward)``. Maps are laid out by
rows, columns and channels, so that a row of a pooled map is one product with six rows below it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet.fast import averaged
from lenet.layers import AMPLITUDE as A
from lenet.layers import SLOPE as S
from lenet.layers import Squash
from lenet.networks import LeNet5

FOUR = [(0, 0), (0, 1), (1, 0), (1, 1)]  # the outputs of C1 that S2 takes the mean of


def forward(network: LeNet5, x: Tensor) -> Tensor:
    """What ``network(x)`` gives for images (N, 1, 32, 32), rounded another way.

    Gradients reach the same parameters. Raises ``TypeError`` for another network, or another
    activation.
    """
    if not (isinstance(network, LeNet5) and isinstance(network.squash2, Squash)):
        raise TypeError("written out for LeNet5 with its squash only: take lenet.fast.forward")
    return WrittenOut.apply(x, *network.parameters())


class WrittenOut(torch.autograd.Function):
    """The network in one piece. x2 to x6 are the tanh's of each layer, m3 to m7 the matrices.

    C1 and S2 make 2x2 outputs of 6 maps from each 8x8 pixels, which lie 4 pixels apart.
    """

    @staticmethod
    def forward(ctx, x, w1, b1, w3, b3, w5, b5, w6, b6, w7, b7):
        n = len(x)
        x = x.view(n, 32, 32).unfold(1, 8, 4).unfold(2, 8, 4).reshape(n * 49, 64)
        m1 = x.new_zeros(2, 2, 6, 8, 8)
        for i, j in FOUR:
            m1[i, j, :, 2 * i : 2 * i + 6, 2 * j : 2 * j + 6] = S * averaged(w1)[:, 0]
        x2 = torch.addmm((S * b1).repeat(4), x, m1.view(24, 64).T).tanh_()

        pairs = x2.view(n, 7, 168)
        six = torch.cat([pairs[:, 0:5], pairs[:, 1:6], pairs[:, 2:7]], dim=2).view(n * 5, 504)
        kernel = A * S * averaged(w3).view(16, 6, 3, 2, 3, 2).permute(2, 4, 3, 5, 1, 0)
        m3 = x.new_zeros(3, 168, 5, 16)
        for j in range(5):
            m3[:, 24 * j : 24 * j + 72, j] = kernel.reshape(3, 72, 16)
        m3 = m3.view(504, 80)
        x4 = torch.addmm((S * b3).repeat(5), six, m3).tanh_().view(n, 400)

        m5, m6, m7 = A * S * w5.permute(0, 2, 3, 1).flatten(1), A * S * w6, A * w7
        x5 = torch.addmm(S * b5, x4, m5.T).tanh_()
        x6 = torch.addmm(S * b6, x5, m6.T).tanh_()
        ctx.save_for_backward(x, x2, six, x4, x5, x6, m3, m5, m6, m7)
        return torch.addmm(b7, x6, m7.T)

    @staticmethod
    def backward(ctx, d):
        x, x2, six, x4, x5, x6, m3, m5, m6, m7 = ctx.saved_tensors
        n, bent = len(d), torch.ops.aten.tanh_backward
        g7, h7 = A * (d.T @ x6), d.sum(0)
        d = bent(d @ m7, x6)
        g6, h6 = A * S * (d.T @ x5), S * d.sum(0)
        d = bent(d @ m6, x5)
        g5, h5 = (A * S * (d.T @ x4)).view(120, 5, 5, 16).permute(0, 3, 1, 2), S * d.sum(0)
        d = bent(d @ m5, x4).view(n * 5, 80)

        g3 = (six.T @ d).view(3, 168, 5, 16)
        g3 = sum(g3[:, 24 * j : 24 * j + 72, j] for j in range(5)).view(3, 3, 2, 2, 6, 16)
        g3 = g3.permute(5, 4, 0, 2, 1, 3).reshape(16, 6, 6, 6)
        g3, h3 = A * S * F.avg_pool2d(g3, 2, stride=1), S * d.view(n * 25, 16).sum(0)
        each = (d @ m3.T).view(n, 5, 3, 168)
        d = d.new_zeros(n, 7, 168)
        for first in range(3):
            d[:, first : first + 5] += each[:, :, first]
        d = bent(d.view(n * 49, 24), x2)

        g1 = (d.T @ x).view(2, 2, 6, 8, 8)
        g1 = sum(g1[i, j, :, 2 * i : 2 * i + 6, 2 * j : 2 * j + 6] for i, j in FOUR)
        g1, h1 = S * F.avg_pool2d(g1, 2, stride=1).unsqueeze(1), S * d.sum(0).view(4, 6).sum(0)
        return None, g1, h1, g3, h3, g5, h5, g6, h6, g7, h7
