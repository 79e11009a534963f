"""From 1998 to today: seven changes to the paper's network and training, one by one; three seeds.

A row keeps the changes of all rows before it. Their order and every setting were fixed before the
first run: the short recipe of the seed's network (`lenet.training`) for all, and the distortions
that fig6-choice found best. The first row is that of fig5. The test images are counted once, at the
end, and choose nothing.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace

from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW

from lenet import results
from lenet.data import batches, mnist
from lenet.distortions import Ranges, draw_maps, warp
from lenet.evaluation import errors
from lenet.experiments import fig5, fig6_choice
from lenet.experiments.paper_network import HEADLINE
from lenet.experiments.spread import spread
from lenet.initial import fan_in, initialise
from lenet.layers import RBF, Squash, Subsampling, TableConvolution, bitmap_codes
from lenet.paper import C3_INPUTS
from lenet.training import RECIPES, step

NAME = "today"
SEEDS = range(3)
RECIPE = RECIPES["short"]


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


class Designed(nn.Sequential):
    """The paper's network with some changes: (N, 1, 32, 32) to (N, 10) logits or distances."""

    def __init__(self, design: Design) -> None:
        c3 = nn.Conv2d(6, 16, kernel_size=5) if design.every_map else TableConvolution(C3_INPUTS, 5)
        super().__init__(
            OrderedDict(
                C1=summed(design, nn.Conv2d(1, 6, kernel_size=5), 6),
                S2=halved(design, 6),
                C3=summed(design, c3, 16),
                S4=halved(design, 16),
                C5=summed(design, nn.Conv2d(16, 120, kernel_size=5), 120),
                flatten=nn.Flatten(),
                F6=summed(design, nn.Linear(120, 84), 84),
                output=nn.Linear(84, 10) if design.trained_outputs else RBF(bitmap_codes()),
            )
        )
        self.sign = 1 if design.trained_outputs else -1

    def answer(self, outputs: Tensor) -> Tensor:
        """(N, 10) to (N,) labels: the largest logit or the smallest distance wins."""
        return (self.sign * outputs).argmax(dim=1)


def summed(design: Design, layer: nn.Module, size: int) -> nn.Sequential:
    """Weighted sums, ``size`` maps or units of them, and what bends them."""
    parts = OrderedDict(sum=layer)
    if design.normalised:
        kind = nn.BatchNorm1d if isinstance(layer, nn.Linear) else nn.BatchNorm2d
        parts["norm"] = kind(size)
    parts["bent"] = nn.ReLU() if design.rectified else Squash()
    return nn.Sequential(parts)


def halved(design: Design, maps: int) -> nn.Module:
    return nn.MaxPool2d(2) if design.maxima else nn.Sequential(Subsampling(maps), Squash())


@fan_in.register(nn.BatchNorm1d)
@fan_in.register(nn.BatchNorm2d)
def _(layer: nn.BatchNorm1d | nn.BatchNorm2d) -> dict[str, Tensor]:
    return {}  # nothing is drawn: it starts as it is made, with factors 1 and biases 0


def run() -> None:
    """Train what is still to be trained, one on each core, and write a row for each."""
    ranges = fig6_choice.CANDIDATES[fig6_choice.best()].ranges
    settings = {"seeds": list(SEEDS), "recipe": asdict(RECIPE), "ranges": asdict(ranges)}
    record = results.Record(NAME, settings)
    for row in results.load(fig5.NAME)["rows"]:
        if row["seed"] in SEEDS and not record.find(change="1998", seed=row["seed"]):
            record.add(of_fig5(row))
    todo = [
        (name, design, seed, ranges)
        for name, design in designs().items()
        for seed in SEEDS
        if not record.find(change=name, seed=seed)
    ]
    for row in spread(on_all_digits, todo):
        record.add(row)
        print(f"{row['change']}, seed {row['seed']}: {row['errors']} errors", flush=True)


def of_fig5(row: dict) -> dict:
    """The row of the paper's network, trained as in 1998."""
    return {
        "change": "1998",
        "seed": row["seed"],
        "errors": row["errors_after_pass"][-1],
        "training_errors": row["training_errors_on_the_fly"][-1],
        "parameters": count(Design().network()),
        "seconds": row["seconds"],
    }


def on_all_digits(name: str, design: Design, seed: int, ranges: Ranges) -> dict:
    """Train a design on the 60,000 digits, and count its errors on the test images."""
    start, network = time.process_time(), design.network()
    *_, wrong = train(network, design, *mnist("train"), seed, ranges)
    return {
        "change": name,
        "seed": seed,
        "errors": errors(network.eval(), *mnist("test")),
        "training_errors": wrong,
        "parameters": count(network),
        "seconds": round(time.process_time() - start, 1),
    }


def train(
    network: Designed, design: Design, images: Tensor, labels: Tensor, seed: int, ranges: Ranges
) -> Iterator[int]:
    """Train from new weights, as `lenet.training` does; after each epoch, its errors on the fly."""
    initialise(network, seed)
    generator = Generator().manual_seed(seed)
    optimiser = AdamW(network.parameters(), weight_decay=RECIPE.weight_decay, fused=True)
    network.train()
    done, steps = 0, RECIPE.epochs * -(-len(images) // RECIPE.batch_size)
    for _ in range(RECIPE.epochs):
        shown = images
        if design.distorted:
            shown = warp(images, draw_maps(ranges, len(images), generator))
        wrong = 0
        for x, y in batches(shown, labels, RECIPE.batch_size, generator):
            rate = RECIPE.rate(done / steps)
            wrong += step(network, optimiser, rate, x, y, design.loss())[1]
            done += 1
        yield wrong


def count(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in network.parameters())
