"""Which settings for the classifiers of Fig. 9, where the paper gives none? By held-out images.

No test image is loaded. Each candidate is trained on 55,000 training images, or on the first
10,000 where a support vector machine would take hours, and the other 5,000 measure. One seed.
"""

import time
from functools import cache

from torch import nn

from lenet import results
from lenet.classifiers import trained
from lenet.data import hold_out
from lenet.experiments.fig9_rows import ROWS, chosen
from lenet.experiments.spread import spread

NAME = "fig9-choice"
INITIAL = [{"initial": rule} for rule in ("variance", "root", "paper")]
RIDGES = [{"ridge": ridge} for ridge in (1, 100, 1000, 10_000)]
CANDIDATES = {
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
    name: "300" if len(row.settings["hidden"]) == 1 else "300-100"
    for name, row in ROWS.items()
    if "hidden" in row.settings
}
SHARED |= {"dist-boosted-lenet4": "lenet4"}
FEW = {"svm": 10_000, "rs-svm": 10_000, "dist-v-svm": 10_000}


def run(row: list[str] | None = None, jobs: int | None = None, dask: str | None = None) -> None:
    """Try what is still to be tried, of all rows or of those of these names."""
    record = results.Record(NAME, {"held_out": 5000, "seed": 0})
    todo = [
        (name, candidate)
        for name in chosen(row)
        for candidate in CANDIDATES.get(name, [])
        if not record.find(row=name, candidate=candidate)
    ]
    for tried in spread(held_out_errors, todo, jobs, dask):
        record.add(tried)
        print(f"{tried['row']}, {tried['candidate']}: {tried['errors']} held out", flush=True)


def held_out_errors(name: str, candidate: dict) -> dict:
    """Train the row with these settings, and count its errors on the held-out images."""
    start, row = time.process_time(), ROWS[name]
    (images, labels), held_out = hold_out(*row.form("train"))
    training = images[: FEW.get(name)], labels[: FEW.get(name)]
    given = row.settings | candidate
    if row.of:
        given["network"] = trained_once(row.of)
    elif row.seeds:
        given["seed"] = 0
    classified = row.classify(training, held_out[0], **given)
    wrong = classified.penalties.argmin(axis=1) != held_out[1].numpy()
    seconds = round(time.process_time() - start, 1)
    return {"row": name, "candidate": candidate, "errors": int(wrong.sum()), "seconds": seconds}


@cache
def trained_once(name: str) -> nn.Module:
    """The network of this row, seed 0, once a process: it is the same for every candidate."""
    training, held_out = hold_out(*ROWS[name].form("train"))
    settings = ROWS[name].settings
    return trained.convolutional(training, held_out[0], seed=0, **settings).network


def best(name: str) -> dict:
    """The candidate of this row with the fewest held-out errors."""
    rows = [row for row in results.load(NAME)["rows"] if row["row"] == name]
    return min(rows, key=lambda row: row["errors"])["candidate"]
