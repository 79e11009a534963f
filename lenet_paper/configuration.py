"""The choices that the paper leaves open for its network, and a training by any of them."""

import time
from dataclasses import asdict, dataclass, replace

import torch
from torch import nn

from lenet.initial import initialise
from lenet.layers import Subsampling
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import LeNet5_1998
from lenet.recipes import PAPER, PAPER_LOSS
from lenet.shown import AsTheyAre, Show
from lenet.training import Images, train


@dataclass(frozen=True)
class Configuration:
    """The choices that the paper leaves open, and one it states: the range of initial weights."""

    j: float | None  # of eq. 9; None trains with eq. 8
    mean: bool = False  # S2 and S4 take the mean of four inputs, not their sum
    literal: bool = False  # curvature of their coefficients from the sum of squared inputs
    initial: str = "variance"  # a rule of `lenet.initial.initialise`, or "even" (see `network`)
    random_codes: bool = False  # random codes of -1 and 1 in place of the bitmaps

    def loss(self) -> MaximumLikelihood | MaximumAPosteriori:
        return MaximumLikelihood() if self.j is None else MaximumAPosteriori(self.j)

    def network(self, seed: int) -> LeNet5_1998:
        """With first weights. "even": by the rule "root", but each coefficient halves the mean."""
        codes = None
        if self.random_codes:
            generator = torch.Generator().manual_seed(seed)
            codes = torch.randint(0, 2, (10, 84), generator=generator).float() * 2 - 1
        network = LeNet5_1998(codes=codes, mean=self.mean)
        initialise(network, seed, "root" if self.initial == "even" else self.initial)
        if self.initial == "even":
            for layer in network.modules():
                if isinstance(layer, Subsampling):
                    nn.init.constant_(layer.coefficient, 1 / 2 if layer.mean else 1 / 8)
        return network


HEADLINE = Configuration(j=PAPER_LOSS.j)
"""The fewest held-out errors in results/fig5-choice.json; appendix A tells what came before."""


def train_configured(
    configuration: Configuration,
    seed: int,
    training: Images,
    measured: Images,
    *,
    show: Show | None = None,
    stretch: int = 1,
) -> tuple[dict, LeNet5_1998]:
    """Train one network; the row holds both error counts of each pass.

    ``measured`` images choose nothing. ``stretch`` takes so many passes at each rate of the
    paper's schedule, instead of one.
    """
    start = time.perf_counter()
    network = configuration.network(seed)
    recipe = replace(
        PAPER,
        etas=tuple(eta for eta in PAPER.etas for _ in range(stretch)),
        literal=configuration.literal,
        show=show or AsTheyAre(),
    )
    loss = configuration.loss()
    epochs = train(network, *training, recipe, loss=loss, seed=seed, test=measured, progress=False)
    row = {
        **asdict(configuration),
        "training_errors_on_the_fly": [epoch.wrong for epoch in epochs],
        "errors_after_pass": [epoch.errors for epoch in epochs],
        "seconds": round(time.perf_counter() - start, 1),
    }
    return row, network
