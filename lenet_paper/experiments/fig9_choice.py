"""Which settings for the classifiers of Fig. 9, where the paper gives none? By held-out images.

No test image is loaded. Each candidate is trained on 55,000 training images, or on the first
10,000 where a support vector machine would take hours, and the other 5,000 measure. One seed.
"""

import time
from collections.abc import Iterator
from functools import cache

from torch import nn

from lenet.data import hold_out
from lenet_paper.bars import BARS
from lenet_paper.classifiers import trained
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow

INITIAL = [{"initial": rule} for rule in ("variance", "root", "paper")]
RIDGES = [{"ridge": ridge} for ridge in (1, 100, 1000, 10_000)]
CANDIDATES: dict[str, list[dict]] = {
    "linear": RIDGES,
    "deslant-linear": RIDGES,
    "pairwise": [{"steepness": steepness} for steepness in (0.5, 1, 2, 4, 8)],
    "knn": [{"k": k} for k in (1, 3, 5)],
    "pca-quadratic": [{"ridge": ridge} for ridge in (0.01, 1, 100)],
    "rbf": [{"width": width} for width in (1, 2, 4, 8, 0.5, 0.25)],
    "tangent": [{"sigma": sigma} for sigma in (0.5, 0.75, 1.0)],
    "svm": [{"c": c, "unit_length": unit} for unit in (True, False) for c in (0.1, 1, 10)],
    "rs-svm": [{"c": c} for c in (0.1, 1)],
    "dist-v-svm": [{"c": c} for c in (0.01, 0.1)],
    "300": INITIAL,
    "300-100": INITIAL,
    "lenet1": INITIAL,
    "lenet4": INITIAL,
    "lenet4-local": [{"k": k, "ridge": ridge} for k in (100, 300) for ridge in (1, 10, 100)],
    "lenet4-knn": [{"k": k} for k in (1, 3, 5)],
}
SHARED = {  # rows that take what another one chose
    name: "300" if len(bar.settings["hidden"]) == 1 else "300-100"
    for name, bar in BARS.items()
    if "hidden" in bar.settings
}
SHARED |= {"dist-boosted-lenet4": "lenet4"}
FEW = {"svm": 10_000, "rs-svm": 10_000, "dist-v-svm": 10_000}


def jobs(rows: list[ResultRow]) -> Iterator[Job]:
    """One for each candidate of each bar."""
    for name, candidates in CANDIDATES.items():
        for candidate in candidates:
            yield Job({"row": name, "candidate": candidate}, (name, candidate))


def judge(name: str, candidate: dict) -> Outcome:
    """Train the bar with these settings, and count its errors on the held-out images."""
    start, bar = time.process_time(), BARS[name]
    (images, labels), held_out = hold_out(*bar.form("train"))
    training = images[: FEW.get(name)], labels[: FEW.get(name)]
    given = bar.settings | candidate
    if bar.of:
        given["network"] = trained_once(bar.of)
    elif bar.seeds:
        given["seed"] = 0
    assert bar.classify  # there are candidates for such bars only
    classified = bar.classify(training, held_out[0], **given)
    wrong = classified.penalties.argmin(axis=1) != held_out[1].numpy()
    seconds = round(time.process_time() - start, 1)
    return Outcome({"errors": int(wrong.sum()), "seconds": seconds})


@cache
def trained_once(name: str) -> nn.Module | None:
    """The network of this row, seed 0, once a process: it is the same for every candidate."""
    training, held_out = hold_out(*BARS[name].form("train"))
    settings = BARS[name].settings
    return trained.convolutional(training, held_out[0], seed=0, **settings).network


def best_settings(rows: list[ResultRow], name: str) -> dict:
    """The candidate of this bar with the fewest held-out errors."""
    mine = [row for row in rows if row["row"] == name]
    return min(mine, key=lambda row: row["errors"])["candidate"]


EXPERIMENT = Experiment(
    name="fig9-choice",
    about="which settings for the classifiers of Fig. 9, on held-out digits",
    settings={"held_out": 5000, "seed": 0},
    jobs=jobs,
    work=judge,
)
