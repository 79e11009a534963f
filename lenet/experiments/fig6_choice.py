"""Which distortions for Fig. 6? Seven candidates, judged on held-out training images.

No test image is loaded. Every candidate is trained on 55,000 digits and their distorted copies,
and judged by the other 5,000, once for each of two folds. The best one is then trained three times
as long. Without distortions: the rows of fig5-choice with the same configuration and fold.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from lenet import results
from lenet.data import hold_out, mnist
from lenet.distortions import FIG7, Ranges, enlarged
from lenet.experiments import paper_network
from lenet.experiments.paper_network import HEADLINE, side_by_side
from lenet.networks import LeNet5_1998

NAME = "fig6-choice"


@dataclass(frozen=True)
class Distorted:
    """A set enlarged by distorted copies of each image, and how long it is shown."""

    ranges: Ranges
    copies: int = 9  # 60,000 + 540,000
    stretch: int = 1  # 20 passes, each of 60,000 patterns

    def train(
        self, seed: int, training: tuple[Tensor, Tensor], measured: tuple[Tensor, Tensor]
    ) -> tuple[dict, LeNet5_1998]:
        """`lenet.experiments.paper_network.run` on the enlarged set."""

        def show(images: Tensor) -> Iterator[Tensor]:
            return enlarged(images, self.ranges, torch.Generator().manual_seed(seed), self.copies)

        run = paper_network.run
        return run(HEADLINE, seed, training, measured, stretch=self.stretch, show=show)


FOLDS = (0, 1)
MILD = Ranges(shift=1, scale=1.1, squeeze=1.05, shear=0.15)
CANDIDATES = {
    "as in Fig. 7": Distorted(FIG7),
    "half of Fig. 7": Distorted(Ranges(1, 1.15, 1.05, 0.075, anchor=FIG7.anchor)),
    "mild": Distorted(MILD),
    "mild, half of them originals": Distorted(MILD, copies=1),
    "slight": Distorted(Ranges(shift=0.5, scale=1.05, squeeze=1.05, shear=0.1)),
    "shift by a pixel": Distorted(Ranges(shift=1)),
    "squeeze and shear": Distorted(Ranges(squeeze=1.1, shear=0.15)),
}
LONGER = "the best, three times as long"


def run() -> None:
    """Train the candidates, then the best for longer; count held-out errors after each pass."""
    settings = {"network": "lenet5-1998", "configuration": asdict(HEADLINE), "held_out": 5000}
    record = results.Record(NAME, settings)
    judge(record, CANDIDATES)
    judge(record, [LONGER])


def judge(record: results.Record, names: Iterable[str]) -> None:
    """Train what is missing of these candidates, on every fold, and record it."""
    jobs = [
        (name, fold)
        for fold in FOLDS
        for name in names
        if not record.find(candidate=name, seed=fold)
    ]
    for (name, fold), (row, _) in side_by_side(on_all_but_a_fold, jobs):
        record.add({"candidate": name, "distorted": asdict(distorted(name))} | row)
        print(f"{name}, fold {fold}: {row['errors_after_pass'][-1]} errors held out", flush=True)


def on_all_but_a_fold(name: str, fold: int) -> tuple[dict, LeNet5_1998]:
    """Train a candidate on 55,000 digits and their copies; the other 5,000 measure."""
    return distorted(name).train(fold, *hold_out(*mnist("train"), fold=fold))


def distorted(name: str) -> Distorted:
    """The candidate of this name; LONGER is the best of the others."""
    return replace(CANDIDATES[best()], stretch=3) if name == LONGER else CANDIDATES[name]


def best() -> str:
    """The candidate, as long as the paper's training, with the fewest errors over both folds."""
    return min(CANDIDATES, key=lambda name: sum(held_out_errors(name)))


def held_out_errors(name: str) -> list[int]:
    """The candidate's held-out errors after the last pass, fold by fold."""
    rows = [row for row in results.load(NAME)["rows"] if row["candidate"] == name]
    return [row["errors_after_pass"][-1] for row in sorted(rows, key=lambda row: row["seed"])]
