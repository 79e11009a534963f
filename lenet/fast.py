"""What a network's layers compute, in half the time: fewer products, the same numbers.

Mean pooling adds four neighbours of a convolution's output, and each of these is the same kernel
laid on a place one pixel further. Both steps are linear, so together they are one convolution
whose kernel is the mean of the four shifted kernels, and which goes on by two pixels. With each 2x2
pixels taken as four channels, that kernel is half as wide and goes on by one. And where a kernel is
as large as its input, as in C5, a convolution is a matrix product.
"""

from typing import TypeGuard

from torch import Tensor, nn
from torch.nn import functional as F


def run(network: nn.Module, x: Tensor) -> Tensor:
    """What ``network(x)`` gives, rounded another way where ``network`` is a chain of layers.

    Gradients reach the same parameters. Layers that are neither of the two run as ever.
    """
    layers = list(network) if isinstance(network, nn.Sequential) else [network]
    while layers:
        layer = layers.pop(0)
        if isinstance(layer, nn.Sequential):
            x = run(layer, x)
        elif layers and pooled(layer, layers[0], x):
            x = pooled_convolution(x, layer.weight, layer.bias)
            layers.pop(0)
        elif covers(layer, x):
            x = F.linear(x.flatten(1), layer.weight.flatten(1), layer.bias)[:, :, None, None]
        else:
            x = layer(x)
    return x


def pooled(layer: nn.Module, following: nn.Module, x: Tensor) -> TypeGuard[nn.Conv2d]:
    """Whether ``layer`` is a plain convolution and ``following`` takes means over 2x2 units.

    The sides of ``x``, and of the kernel when it is larger by one, must be even.
    """
    if not (isinstance(layer, nn.Conv2d) and isinstance(following, nn.AvgPool2d)):
        return False
    steps = layer.stride, layer.padding, layer.dilation, layer.groups
    blocks = following.kernel_size, following.stride, following.padding
    means = following.divisor_override is None
    even = all(side % 2 == 0 for side in (*x.shape[2:], *(k + 1 for k in layer.kernel_size)))
    return steps == ((1, 1), (0, 0), (1, 1), 1) and blocks == (2, 2, 0) and means and even


def covers(layer: nn.Module, x: Tensor) -> TypeGuard[nn.Conv2d]:
    """Whether ``layer`` is a convolution whose kernel has one place only on its input ``x``."""
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == x.shape[2:]
        and (layer.padding, layer.groups) == ((0, 0), 1)
    )


def pooled_convolution(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve with ``weight`` (outputs, inputs, k, k), then take the mean of each 2x2 outputs.

    (N, inputs, H, W) to (N, outputs, (H-k+1)/2, (W-k+1)/2), k odd, H and W even.
    """
    return F.conv2d(F.pixel_unshuffle(x, 2), F.pixel_unshuffle(averaged(weight), 2), bias)


def averaged(weight: Tensor) -> Tensor:
    """The mean of the four shifts of kernels (O, I, k, k), by 0 or 1 pixel each way.

    It is (O, I, k+1, k+1): the kernel itself, with zeros around it, pooled in steps of one.
    """
    return F.avg_pool2d(weight, 2, stride=1, padding=1)
