"""Which distortions for Fig. 6? Eight candidates, judged on 5,000 held-out training images.

No test image is loaded. Every candidate is trained on the other 55,000 digits and their distorted
copies. The two with the fewest held-out errors, of those as long as in the paper, are trained
again with another 5,000 held out. Without distortions: the rows of fig5-choice with the same
configuration and fold.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

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


SLIGHT = Ranges(shift=0.5, scale=1.05, squeeze=1.05, shear=0.1)
MILD = Ranges(shift=1, scale=1.1, squeeze=1.05, shear=0.15)
CANDIDATES = {
    "mild, three times as long": Distorted(MILD, stretch=3),
    "as in Fig. 7": Distorted(FIG7),
    "half of Fig. 7": Distorted(Ranges(1, 1.15, 1.05, 0.075, anchor=FIG7.anchor)),
    "mild": Distorted(MILD),
    "slight": Distorted(SLIGHT),
    "mild, half of them originals": Distorted(MILD, copies=1),
    "shift by a pixel": Distorted(Ranges(shift=1)),
    "squeeze and shear": Distorted(Ranges(squeeze=1.1, shear=0.15)),
}


def run() -> None:
    """Train the candidates of both stages, and count their held-out errors after each pass."""
    settings = {"network": "lenet5-1998", "configuration": asdict(HEADLINE), "held_out": 5000}
    record = results.Record(NAME, settings)
    for fold, names in ((0, lambda: CANDIDATES), (1, best_two)):
        jobs = [(name, fold) for name in names() if not record.find(candidate=name, seed=fold)]
        for (name, _), (row, _) in side_by_side(on_all_but_a_fold, jobs):
            record.add({"candidate": name, "distorted": asdict(CANDIDATES[name])} | row)
            last = row["errors_after_pass"][-1]
            print(f"{name}, fold {fold}: {last} errors held out", flush=True)


def on_all_but_a_fold(name: str, fold: int) -> tuple[dict, LeNet5_1998]:
    """Train a candidate on 55,000 digits and their copies; the other 5,000 measure."""
    return CANDIDATES[name].train(fold, *hold_out(*mnist("train"), fold=fold))


def best_two() -> list[str]:
    """Of the candidates as long as the paper's training, the two best on the first fold."""
    paper_long = [name for name in CANDIDATES if CANDIDATES[name].stretch == 1]
    return sorted(paper_long, key=lambda name: held_out_errors(name)[0])[:2]


def best() -> str:
    """Of these two, the one with the fewest held-out errors over both folds."""
    return min(best_two(), key=lambda name: sum(held_out_errors(name)))


def held_out_errors(name: str) -> list[int]:
    """The candidate's held-out errors after the last pass, fold by fold."""
    rows = [row for row in results.load(NAME)["rows"] if row["candidate"] == name]
    return [row["errors_after_pass"][-1] for row in sorted(rows, key=lambda row: row["seed"])]
