"""What the experiments on the paper's network share: one training run, and how it is set up."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import repeat

import torch
from torch import Tensor

from lenet import compiled, sdlm
from lenet.data import hold_out, mnist
from lenet.evaluation import errors
from lenet.experiments.spread import spread
from lenet.initial import initialise
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import LeNet5_1998


@dataclass(frozen=True)
class Configuration:
    """The choices that the paper leaves open, and one it states: the range of initial weights."""

    j: float | None  # of eq. 9; None trains with eq. 8
    mean: bool = False  # S2 and S4 take the mean of four inputs, not their sum
    literal: bool = False  # curvature of their coefficients from the sum of squared inputs
    initial: str = "variance"  # `lenet.initial.initialise`
    random_codes: bool = False  # random codes of -1 and 1 in place of the bitmaps

    def loss(self) -> MaximumLikelihood | MaximumAPosteriori:
        return MaximumLikelihood() if self.j is None else MaximumAPosteriori(self.j)

    def network(self, seed: int) -> LeNet5_1998:
        codes = None
        if self.random_codes:
            generator = torch.Generator().manual_seed(seed)
            codes = torch.randint(0, 2, (10, 84), generator=generator).float() * 2 - 1
        network = LeNet5_1998(codes=codes, mean=self.mean)
        initialise(network, seed, self.initial)
        return network


HEADLINE = Configuration(j=1.0)
"""Chosen on held-out training images: the fewest errors in results/fig5-choice.json."""


def run(
    configuration: Configuration,
    seed: int,
    training: tuple[Tensor, Tensor],
    held_out: tuple[Tensor, Tensor],
    *,
    stretch: int = 1,
    show: Callable[[Tensor], Iterable[Tensor]] = repeat,
) -> tuple[dict, LeNet5_1998]:
    """Train one network on one core; the row holds both error counts of each pass.

    ``training`` and ``held_out`` are (images, labels). ``held_out`` only measures. ``stretch`` and
    ``show`` are those of `lenet.sdlm.train`.
    """
    torch.set_num_threads(1)
    start = time.perf_counter()
    network = configuration.network(seed)
    on_the_fly, after = [], []
    for wrong in sdlm.train(
        network,
        configuration.loss(),
        *training,
        seed=seed,
        stretch=stretch,
        show=show,
        literal=configuration.literal,
        run_pass=compiled.run_pass,
    ):
        on_the_fly.append(wrong)
        after.append(errors(network, *held_out))
    row = {
        **asdict(configuration),
        "seed": seed,
        "training_errors_on_the_fly": on_the_fly,
        "errors_after_pass": after,
        "seconds": round(time.perf_counter() - start, 1),
    }
    return row, network


def side_by_side(
    train: Callable[..., tuple[dict, LeNet5_1998]], jobs: Iterable[tuple]
) -> Iterator[tuple[tuple, tuple[dict, LeNet5_1998]]]:
    """``train(*job)`` for each job, such as a (configuration, seed), one on each core at a time.

    Yields each job, with its row and its network, as soon as it is trained.
    """
    return spread(with_its_job, ((train, job) for job in jobs))


def with_its_job(train: Callable, job: tuple) -> tuple:
    return job, train(*job)


def on_all_digits(configuration: Configuration, seed: int) -> tuple[dict, LeNet5_1998]:
    """Train on the 60,000 digits; the 10,000 test images measure."""
    return run(configuration, seed, mnist("train"), mnist("test"))


def on_all_but_a_fold(configuration: Configuration, seed: int) -> tuple[dict, LeNet5_1998]:
    """Train on 55,000 of the 60,000; the other 5,000, the fold of that number, measure."""
    return run(configuration, seed, *hold_out(*mnist("train"), fold=seed))
