"""The two networks: the seed's LeNet5 (61,706 parameters) and the paper's (60,000).

Both are chains, so both are ``nn.Sequential``: what is read from top to bottom is what runs.
The comments give the output shape of each layer for one 32x32 image.
"""

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn

from lenet.layers import RBF, Squash, Subsampling, TableConvolution, bitmap_codes, squashed
from lenet.paper import C3_INPUTS


class LeNet5(nn.Sequential):
    """The seed's network: dense C3, mean pooling before the squash, ten trained outputs.

    (N, 1, 32, 32) float32 to (N, 10) logits. 61,706 parameters. The seed's summary shows no
    activation after C5 and F6; we assume the same one there as after S2 and S4, and that it is
    the paper's squash. ``activation`` makes another.
    """

    def __init__(self, activation: Callable[[], nn.Module] = Squash) -> None:
        super().__init__(
            OrderedDict(
                C1=nn.Conv2d(1, 6, kernel_size=5),  # 6 x 28 x 28
                S2=nn.AvgPool2d(2),  # 6 x 14 x 14
                squash2=activation(),
                C3=nn.Conv2d(6, 16, kernel_size=5),  # 16 x 10 x 10
                S4=nn.AvgPool2d(2),  # 16 x 5 x 5
                squash4=activation(),
                C5=nn.Sequential(
                    OrderedDict(sum=nn.Conv2d(16, 120, kernel_size=5), squash=activation())
                ),  # 120 x 1 x 1
                flatten=nn.Flatten(),  # 120
                F6=nn.Sequential(OrderedDict(sum=nn.Linear(120, 84), squash=activation())),  # 84
                output=nn.Linear(84, 10),  # 10 logits
            )
        )

    @staticmethod
    def answer(outputs: Tensor) -> Tensor:
        """(N, 10) logits to (N,) labels: the largest wins."""
        return outputs.argmax(dim=1)


class LeNet5_1998(nn.Sequential):  # noqa: N801  (the year belongs to the name)
    """The paper's network, section II-B: 60,000 trainable parameters, 340,908 connections.

    (N, 1, 32, 32) float32 to (N, 10) squared distances to the codes of the ten digits. ``codes``
    is (10, 84), the bitmaps of Fig. 3 unless given; ``mean`` is Subsampling's.
    """

    def __init__(self, *, codes: Tensor | None = None, mean: bool = False) -> None:
        super().__init__(
            OrderedDict(
                C1=squashed(sum=nn.Conv2d(1, 6, kernel_size=5)),  # 6 x 28 x 28
                S2=squashed(sum=Subsampling(6, mean=mean)),  # 6 x 14 x 14
                C3=squashed(sum=TableConvolution(C3_INPUTS, kernel_size=5)),  # 16 x 10 x 10
                S4=squashed(sum=Subsampling(16, mean=mean)),  # 16 x 5 x 5
                C5=squashed(sum=nn.Conv2d(16, 120, kernel_size=5)),  # 120 x 1 x 1
                F6=squashed(flatten=nn.Flatten(), sum=nn.Linear(120, 84)),  # 84
                output=RBF(bitmap_codes() if codes is None else codes),  # 10 distances
            )
        )

    @staticmethod
    def answer(outputs: Tensor) -> Tensor:
        """(N, 10) squared distances to (N,) labels: the smallest wins."""
        return outputs.argmin(dim=1)


NETWORKS = {"lenet5": LeNet5, "lenet5-1998": LeNet5_1998}  # by their names on the command line
