"""From 1998 to today: seven changes to the paper's network and training, one by one; three seeds.

A row keeps the changes of all rows before it. Their order and every setting were fixed before the
first run: the short recipe (`lenet.recipes`) for all, and the distortions that fig6-choice found
best. The first row is that of fig5. The test images are counted once, at the end, and choose
nothing.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace

from torch import Tensor, nn
from torch.nn import functional as F

from lenet.data import mnist
from lenet.evaluation import errors
from lenet.initial import fan_in, initialise
from lenet.layers import RBF, Squash, Subsampling, TableConvolution, bitmap_codes
from lenet.networks import Chain
from lenet.paper import C3_INPUTS
from lenet.recipes import SHORT
from lenet.shown import Distorted
from lenet.training import train
from lenet_paper.configuration import HEADLINE
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow
from lenet_paper.experiments.fig6_choice import CHOSEN
from lenet_paper.experiments.summary import in_numbers
from lenet_paper.record import published

SEEDS = range(3)
RECIPE = SHORT


@dataclass(frozen=True)
class Design:
    """What a network has in place of what the paper's has, in the order in which that changes."""

    trained_outputs: bool = False  # ten weighted sums and cross-entropy, not bitmaps and eq. 9
    every_map: bool = False  # each map of C3 sees all of S2's, not those of Table I
    maxima: bool = False  # S2 and S4 keep the largest of four, and nothing is trained in them
    rectified: bool = False  # max(0, a), not the squash
    normalised: bool = False  # sums of mean 0 and variance 1 over a batch (batch normalisation)
    distorted: bool = False  # every digit moved anew in every epoch

    def network(self) -> "Designed":
        return Designed(self)

    def loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        return F.cross_entropy if self.trained_outputs else HEADLINE.loss()


def designs() -> dict[str, Design]:
    """All designs by the name of their last change; "adam" is the paper's network."""
    design = Design()
    found = {"adam": design}
    for change in fields(Design):
        design = replace(design, **{change.name: True})
        found[change.name] = design
    return found


class Designed(Chain):
    """The paper's network with some changes: (N, 1, 32, 32) to (N, 10) logits or distances."""

    def __init__(self, design: Design) -> None:
        c3 = nn.Conv2d(6, 16, kernel_size=5) if design.every_map else TableConvolution(C3_INPUTS, 5)
        super().__init__(
            C1=summed(design, nn.Conv2d(1, 6, kernel_size=5), 6),
            S2=halved(design, 6),
            C3=summed(design, c3, 16),
            S4=halved(design, 16),
            C5=summed(design, nn.Conv2d(16, 120, kernel_size=5), 120),
            flatten=nn.Flatten(),
            F6=summed(design, nn.Linear(120, 84), 84),
            output=nn.Linear(84, 10) if design.trained_outputs else RBF(bitmap_codes()),
        )
        self.largest_wins = design.trained_outputs


def summed(design: Design, layer: nn.Module, size: int) -> nn.Sequential:
    """Weighted sums, ``size`` maps or units of them, and what bends them."""
    parts = OrderedDict(sum=layer)
    if design.normalised:
        kind = nn.BatchNorm1d if isinstance(layer, nn.Linear) else nn.BatchNorm2d
        parts["norm"] = kind(size)
    parts["bent"] = nn.ReLU() if design.rectified else Squash()
    return nn.Sequential(parts)


def halved(design: Design, maps: int) -> nn.Module:
    """S2 or S4: the largest of four, or what the paper has."""
    return nn.MaxPool2d(2) if design.maxima else nn.Sequential(Subsampling(maps), Squash())


@fan_in.register(nn.BatchNorm1d)
@fan_in.register(nn.BatchNorm2d)
def _(layer: nn.BatchNorm1d | nn.BatchNorm2d) -> dict[str, Tensor]:
    return {}  # nothing is drawn: it starts as it is made, with factors 1 and biases 0


def jobs(rows: list[ResultRow]) -> Iterator[Job]:
    """One for each design and seed, the paper's network first."""
    for name, design in {"1998": None, **designs()}.items():
        for seed in SEEDS:
            yield Job({"change": name, "seed": seed}, (design, seed))


def train_design(design: Design | None, seed: int) -> Outcome:
    """Train a design on the 60,000 digits; None is the paper's network, trained as in 1998."""
    if design is None:
        return first_design(seed)
    start, network = time.process_time(), initialise(design.network(), seed)
    (images, labels), test = mnist("train"), mnist("test")
    recipe = replace(RECIPE, show=Distorted(CHOSEN.ranges)) if design.distorted else RECIPE
    epochs = train(network, images, labels, recipe, loss=design.loss(), seed=seed, progress=False)
    row = {
        "errors": errors(network, *test),
        "training_errors": epochs[-1].wrong,
        "parameters": count(network),
        "seconds": round(time.process_time() - start, 1),
    }
    return Outcome(row)


def first_design(seed: int) -> Outcome:
    """The row of the paper's network, trained as in 1998."""
    row = published("fig5", seed=seed)
    found = {
        "errors": row["errors_after_pass"][-1],
        "training_errors": row["training_errors_on_the_fly"][-1],
        "parameters": count(Design().network()),
        "seconds": row["seconds"],
    }
    return Outcome(found)


def count(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in network.parameters())


EXPERIMENT = Experiment(
    name="today",
    about="from 1998 to today: seven changes, one by one, three seeds",
    settings={
        "seeds": list(SEEDS),
        "recipe": in_numbers(RECIPE),
        "ranges": asdict(CHOSEN.ranges),
    },
    jobs=jobs,
    work=train_design,
    needs=("fig5",),
)
