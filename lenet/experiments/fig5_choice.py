"""Which configuration for Fig. 5? Eight candidates, judged on held-out training images.

No test image is loaded. The candidates are every combination of two losses, two readings of S2 and
S4, and two ranges of initial weights. Each is trained four times on 55,000 of the 60,000 training
digits; each time other weights are drawn and another 5,000 digits are held out. The candidate with
the fewest held-out errors after the last pass, all four counted together, is
`lenet.experiments.paper_network.HEADLINE`. It was chosen before any of fig5's runs.
"""

from dataclasses import asdict
from itertools import product

from lenet import results
from lenet.experiments.paper_network import Configuration, on_all_but_a_fold, side_by_side

NAME = "fig5-choice"
FOLDS = range(4)
CANDIDATES = tuple(
    Configuration(j=j, mean=mean, initial=initial)
    for j, mean, initial in product((None, 1.0), (False, True), ("variance", "root"))
)


def run() -> None:
    """Train every candidate once for each fold, and count its held-out errors after each pass."""
    settings = {"network": "lenet5-1998", "held_out": 5000, "folds": list(FOLDS)}
    record = results.Record(NAME, settings)
    jobs = [
        (candidate, fold)
        for fold in FOLDS
        for candidate in CANDIDATES
        if not record.find(**asdict(candidate), seed=fold)
    ]
    for (candidate, fold), (row, _) in side_by_side(on_all_but_a_fold, jobs):
        record.add(row)
        last = row["errors_after_pass"][-1]
        print(f"{candidate}, fold {fold}: {last} errors held out", flush=True)


def best() -> Configuration:
    """The candidate with the fewest held-out errors after the last pass, over all folds."""
    return min(CANDIDATES, key=lambda candidate: sum(held_out_errors(candidate)))


def held_out_errors(candidate: Configuration) -> list[int]:
    """The candidate's held-out errors after the last pass, fold by fold."""
    wanted = asdict(candidate).items()
    rows = [row for row in results.load(NAME)["rows"] if wanted <= row.items()]
    return [row["errors_after_pass"][-1] for row in sorted(rows, key=lambda row: row["seed"])]
