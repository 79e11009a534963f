"""One network, computed in many ways: the steps of chapter 23, and what was tried beside them.

Every form takes a `LeNet5` and images (N, 1, 32, 32), and gives the logits (N, 10) of the layers
run one by one, to rounding; so do the gradients. tests/test_ways.py holds them to it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet.fast import averaged, pooled_convolution
from lenet.layers import AMPLITUDE as A
from lenet.layers import SLOPE as S
from lenet.networks import LeNet5


def layer_by_layer(network: LeNet5, x: Tensor) -> Tensor:
    """What the readable network does."""
    return network(x)


def after_c5(network: LeNet5, x: Tensor) -> Tensor:
    """The logits, from the weighted sums of C5 (N, 120)."""
    return network.output(network.squash6(network.F6(network.squash5(x))))


def strided(network: LeNet5, x: Tensor) -> Tensor:
    """C1 with S2, and C3 with S4, as one convolution of stride 2."""
    C1, C3 = network.C1, network.C3
    x = network.squash2(F.conv2d(x, averaged(C1.weight), C1.bias, stride=2))
    x = network.squash4(F.conv2d(x, averaged(C3.weight), C3.bias, stride=2))
    return after_c5(network, network.C5(x).flatten(1))


def dense_c5(network: LeNet5, x: Tensor) -> Tensor:
    """And C5, whose kernel is as large as its input, as the matrix product that it is."""
    C1, C3, C5 = network.C1, network.C3, network.C5
    x = network.squash2(F.conv2d(x, averaged(C1.weight), C1.bias, stride=2))
    x = network.squash4(F.conv2d(x, averaged(C3.weight), C3.bias, stride=2))
    return after_c5(network, F.linear(x.flatten(1), C5.weight.flatten(1), C5.bias))


def folded(network: LeNet5, x: Tensor) -> Tensor:
    """And the two constants of the squash moved into the weights before and after it."""
    C1, C3, C5, F6, output = network.C1, network.C3, network.C5, network.F6, network.output
    x = torch.tanh(F.conv2d(x, averaged(S * C1.weight), S * C1.bias, stride=2))
    x = torch.tanh(F.conv2d(x, averaged(A * S * C3.weight), S * C3.bias, stride=2))
    x = torch.tanh(F.linear(x.flatten(1), A * S * C5.weight.flatten(1), S * C5.bias))
    x = torch.tanh(F.linear(x, A * S * F6.weight, S * F6.bias))
    return F.linear(x, A * output.weight, output.bias)


def row_products(network: LeNet5, x: Tensor) -> Tensor:
    """Each row of S2 and S4 as one matrix product with the six rows of pixels that it sees."""
    C1, C3, C5 = network.C1, network.C3, network.C5
    x = network.squash2(rows(x.reshape(-1, 32, 32), C1.weight, C1.bias))
    x = network.squash4(rows(x, C3.weight, C3.bias))
    return after_c5(network, F.linear(x.flatten(1), by_rows(C5.weight), C5.bias))


def by_rows(weight: Tensor) -> Tensor:
    """The kernels of C5 as a matrix (120, 400) for maps laid out by rows, columns, channels."""
    return weight.permute(0, 2, 3, 1).flatten(1)


def rows(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve and pool maps laid out as (N, H, W I) to (N, H/2 - 2, (W/2 - 2) O).

    A row of outputs sees six rows of inputs, three pairs of two; the next row sees the next pair
    instead of the first.
    """
    inputs, pairs = weight.shape[1], x.shape[1] // 2
    width = x.shape[2] // inputs
    x = x.reshape(len(x), pairs, -1)
    six = torch.cat([x[:, first : first + pairs - 2] for first in range(3)], dim=2)
    return F.linear(six, banded(averaged(weight), width), bias.repeat(width // 2 - 2))


def banded(kernel: Tensor, width: int) -> Tensor:
    """The matrix that lays ``kernel`` (O, I, 6, 6) on six rows of ``width``, at every second place.

    Written one after the other with ``width + 2`` columns each and cut again after ``width``,
    copies of a kernel move on by two.
    """
    outputs, inputs, _, _ = kernel.shape
    places = width // 2 - 2
    one = F.pad(kernel.permute(0, 2, 3, 1).flatten(2), (0, (width - 4) * inputs))
    line = one.unsqueeze(2).expand(-1, -1, places, -1).flatten(2)
    band = line[:, :, : places * width * inputs].unflatten(2, (places, width * inputs))
    return band.permute(2, 0, 1, 3).reshape(places * outputs, 6 * width * inputs)


def written_out(network: LeNet5, x: Tensor) -> Tensor:
    """Matrix products throughout, and the gradients without autograd, as chapter 8 has them."""
    return WrittenOut.apply(x, *network.parameters())


FOUR = [(0, 0), (0, 1), (1, 0), (1, 1)]  # the outputs of C1 that S2 takes the mean of


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


def channels_last(network: LeNet5, x: Tensor) -> Tensor:
    """The strided form with the channels of a pixel side by side in memory."""
    return dense_c5(network, x.to(memory_format=torch.channels_last))


def blocks_as_channels(network: LeNet5, x: Tensor) -> Tensor:
    """2x2 pixels as four channels: a 6x6 kernel of stride 2 becomes a 3x3 kernel of stride 1."""
    C1, C3, C5 = network.C1, network.C3, network.C5
    for layer, squash in ((C1, network.squash2), (C3, network.squash4)):
        x = squash(pooled_convolution(x, layer.weight, layer.bias))
    return after_c5(network, F.linear(x.flatten(1), C5.weight.flatten(1), C5.bias))


def patch_products(network: LeNet5, x: Tensor) -> Tensor:
    """Every 6x6 patch copied out, and one product of all patches with the kernels."""
    C1, C3, C5 = network.C1, network.C3, network.C5
    x = x.permute(0, 2, 3, 1)
    for layer, squash in ((C1, network.squash2), (C3, network.squash4)):
        patches = x.unfold(1, 6, 2).unfold(2, 6, 2).flatten(3)
        x = squash(F.linear(patches, averaged(layer.weight).flatten(1), layer.bias))
    return after_c5(network, F.linear(x.flatten(1), by_rows(C5.weight), C5.bias))


STEPS = {  # one change at a time: the form, and how Adam runs. The last is lenet.fast
    "layer by layer": (layer_by_layer, {"foreach": False}),
    "Adam in one call": (layer_by_layer, {"fused": True}),
    "convolution and pooling in one": (strided, {"fused": True}),
    "C5 as a matrix product": (dense_c5, {"fused": True}),
    "2x2 pixels as four channels": (blocks_as_channels, {"fused": True}),
}
OTHERS = {  # held against "C5 as a matrix product", the first of them against "layer by layer"
    "Adam for all weights at once": (layer_by_layer, {"foreach": True}),
    "constants in the weights": (folded, {"fused": True}),
    "gradients written out": (written_out, {"fused": True}),
    "rows as matrix products": (row_products, {"fused": True}),
    "patches as matrix products": (patch_products, {"fused": True}),
    "channels last": (channels_last, {"fused": True}),
}
