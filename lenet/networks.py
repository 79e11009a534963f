"""The two networks: the summary's LeNet5 (61,706 parameters) and the paper's (60,000).

Both are chains of layers: what is read from top to bottom is what runs. The comments give the
output shape of each layer for one 32x32 image.
"""

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn

from lenet.layers import RBF, Squash, Subsampling, TableConvolution, bitmap_codes
from lenet.paper import C3_INPUTS


class Chain(nn.Sequential):
    """Named layers, each fed by the one before it; a slice of them is a chain as well."""

    largest_wins = False  # what the outputs are: distances, or scores if True
    smallest_side = 0  # of an image, in pixels

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__(OrderedDict(layers))

    def __getitem__(self, index: slice | int) -> nn.Module:
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict(list(self.named_children())[index]))
        return super().__getitem__(index)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) to (N, 10). Raises ``ValueError`` for images of another form."""
        side = self.smallest_side
        if side and (x.ndim != 4 or x.shape[1] != 1 or min(x.shape[2:]) < side):
            raise ValueError(
                f"expected images (N, 1, {side}, {side}), not {tuple(x.shape)}: "
                "lenet.data.pad makes 28x28 pixels 32x32, and lenet.data.mnist gives them so"
            )
        return super().forward(x)

    def answer(self, outputs: Tensor) -> Tensor:
        """(N, 10) outputs to (N,) labels: the largest score or the smallest distance wins."""
        return outputs.argmax(dim=1) if self.largest_wins else outputs.argmin(dim=1)


class LeNet5(Chain):
    """The summary's network: dense C3, mean pooling before the squash, ten trained outputs.

    (N, 1, 32, 32) float32 to (N, 10) logits, the largest of which wins. 61,706 parameters. The
    summary shows no activation after C5 and F6; we assume the same one there as after S2 and S4,
    and that it is the paper's squash. ``activation`` makes another.
    """

    largest_wins = True
    smallest_side = 32

    def __init__(self, activation: Callable[[], nn.Module] = Squash) -> None:
        super().__init__(
            C1=nn.Conv2d(1, 6, kernel_size=5),  # 6 x 28 x 28
            S2=nn.AvgPool2d(2),  # 6 x 14 x 14
            squash2=activation(),
            C3=nn.Conv2d(6, 16, kernel_size=5),  # 16 x 10 x 10
            S4=nn.AvgPool2d(2),  # 16 x 5 x 5
            squash4=activation(),
            C5=nn.Conv2d(16, 120, kernel_size=5),  # 120 x 1 x 1
            squash5=activation(),
            flatten=nn.Flatten(),  # 120
            F6=nn.Linear(120, 84),  # 84
            squash6=activation(),
            output=nn.Linear(84, 10),  # 10 logits
        )


class LeNet5_1998(Chain):  # noqa: N801  (the year belongs to the name)
    """The paper's network, section II-B: 60,000 trainable parameters, 340,908 connections.

    (N, 1, 32, 32) float32 to (N, 10) squared distances to the codes of the ten digits, the
    smallest of which wins. ``codes`` is (10, 84), the bitmaps of Fig. 3 unless given; ``mean`` is
    Subsampling's.
    """

    smallest_side = 32
    S2: Subsampling
    C3: TableConvolution
    output: RBF

    def __init__(self, *, codes: Tensor | None = None, mean: bool = False) -> None:
        super().__init__(
            C1=nn.Conv2d(1, 6, kernel_size=5),  # 6 x 28 x 28
            squash1=Squash(),
            S2=Subsampling(6, mean=mean),  # 6 x 14 x 14
            squash2=Squash(),
            C3=TableConvolution(C3_INPUTS, kernel_size=5),  # 16 x 10 x 10
            squash3=Squash(),
            S4=Subsampling(16, mean=mean),  # 16 x 5 x 5
            squash4=Squash(),
            C5=nn.Conv2d(16, 120, kernel_size=5),  # 120 x 1 x 1
            squash5=Squash(),
            flatten=nn.Flatten(),  # 120
            F6=nn.Linear(120, 84),  # 84
            squash6=Squash(),
            output=RBF(bitmap_codes() if codes is None else codes),  # 10 distances
        )


def answers(network: nn.Module, outputs: Tensor) -> Tensor:
    """What ``network`` answers by its outputs (N, 10): labels (N,).

    Raises ``TypeError`` for a network that does not say whether the largest or the smallest wins.
    """
    answer = getattr(network, "answer", None)
    if not callable(answer):
        raise TypeError(
            f"{type(network).__name__} has no `answer`: make it a lenet.networks.Chain, or give it "
            "a method `answer` from outputs (N, 10) to labels (N,)"
        )
    return answer(outputs)


NETWORKS = {"lenet5": LeNet5, "lenet5-1998": LeNet5_1998}  # by their names on the command line
