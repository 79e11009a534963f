"""Which distortions for Fig. 6? Seven candidates, judged on held-out training images.

No test image is loaded. Every candidate is trained on 55,000 digits and their distorted copies,
and judged by the other 5,000, once for each of two folds. The best one is then trained three times
as long. Without distortions: the rows of fig5-choice with the same configuration and fold.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from lenet.data import hold_out, mnist
from lenet.distortions import FIG7, Ranges
from lenet.networks import LeNet5_1998
from lenet.shown import Enlarged
from lenet.training import Images
from lenet_paper.choice import held_out_errors
from lenet_paper.configuration import HEADLINE, train_configured
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow


@dataclass(frozen=True)
class DistortedSet:
    """A set enlarged by distorted copies of each image, and how long it is shown."""

    ranges: Ranges
    copies: int = 9  # 60,000 + 540,000
    stretch: int = 1  # 20 passes, each of 60,000 patterns

    def trained(
        self, seed: int, training: Images, measured: Images
    ) -> tuple[ResultRow, LeNet5_1998]:
        """`lenet_paper.configuration.train_configured` on the enlarged set."""
        show = Enlarged(self.ranges, self.copies)
        return train_configured(HEADLINE, seed, training, measured, show=show, stretch=self.stretch)


FOLDS = (0, 1)
MILD = Ranges(shift=1, scale=1.1, squeeze=1.05, shear=0.15)
CANDIDATES = {
    "as in Fig. 7": DistortedSet(FIG7),
    "half of Fig. 7": DistortedSet(Ranges(1, 1.15, 1.05, 0.075, anchor=FIG7.anchor)),
    "mild": DistortedSet(MILD),
    "mild, half of them originals": DistortedSet(MILD, copies=1),
    "slight": DistortedSet(Ranges(shift=0.5, scale=1.05, squeeze=1.05, shear=0.1)),
    "shift by a pixel": DistortedSet(Ranges(shift=1)),
    "squeeze and shear": DistortedSet(Ranges(squeeze=1.1, shear=0.15)),
}
LONGER = "the best, three times as long"

CHOSEN = CANDIDATES["half of Fig. 7"]
"""Chosen on held-out training images: the fewest errors in results/fig6-choice.json."""


def stages(rows: list[ResultRow]) -> Iterator[Job]:
    """Every candidate on both folds; then the best one for longer."""
    yield from (job_of(name, one, fold) for fold in FOLDS for name, one in CANDIDATES.items())
    if all(len(held_out_errors(rows, candidate=name)) == len(FOLDS) for name in CANDIDATES):
        longer = replace(CANDIDATES[best_distortions(rows)], stretch=3)
        yield from (job_of(LONGER, longer, fold) for fold in FOLDS)


def job_of(name: str, candidate: DistortedSet, fold: int) -> Job:
    """The job of one candidate on one fold."""
    return Job({"candidate": name, "seed": fold}, (candidate, fold))


def hold_out_a_fold(candidate: DistortedSet, fold: int) -> Outcome:
    """Train a candidate on 55,000 digits and their copies; the other 5,000 measure."""
    row, _ = candidate.trained(fold, *hold_out(*mnist("train"), fold=fold))
    return Outcome({"distorted": asdict(candidate)} | row)


def best_distortions(rows: list[ResultRow]) -> str:
    """The candidate, as long as the paper's training, with the fewest errors over both folds."""
    return min(CANDIDATES, key=lambda name: sum(held_out_errors(rows, candidate=name)))


EXPERIMENT = Experiment(
    name="fig6-choice",
    about="which distortions for Fig. 6: seven, on held-out digits",
    settings={
        "network": "lenet5-1998",
        "configuration": asdict(HEADLINE),
        "held_out": 5000,
    },
    jobs=stages,
    work=hold_out_a_fold,
)
