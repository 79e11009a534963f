"""Which configuration for Fig. 5? Nine candidates, judged on held-out training images.

No test image is loaded. The candidates are every combination of two losses, two readings of S2 and
S4 and two ranges of initial weights, and one with even coefficients. A training uses 55,000 of the
60,000 training digits; each fold holds out another 5,000, and starts from other weights. After two
folds the four candidates with the fewest held-out errors after the last pass are trained on two
more, and the one with the fewest in all four is `lenet.experiments.paper_network.HEADLINE`.
"""

from dataclasses import asdict
from itertools import product

from lenet import results
from lenet.experiments.paper_network import Configuration, on_all_but_a_fold, side_by_side

NAME = "fig5-choice"
FIRST_FOLDS, MORE_FOLDS = (0, 1), (2, 3)
CANDIDATES = (
    *(
        Configuration(j=j, mean=mean, initial=initial)
        for j, mean, initial in product((None, 1.0), (False, True), ("variance", "root"))
    ),
    Configuration(j=1.0, mean=True, initial="even"),
)


def run() -> None:
    """Train the candidates of both stages, and count their held-out errors after each pass."""
    folds = [*FIRST_FOLDS, *MORE_FOLDS]
    record = results.Record(NAME, {"network": "lenet5-1998", "held_out": 5000, "folds": folds})

    def stage(candidates: tuple[Configuration, ...], folds: tuple[int, ...]) -> None:
        jobs = [
            (candidate, fold)
            for fold, candidate in product(folds, candidates)
            if not record.find(**asdict(candidate), seed=fold)
        ]
        for (candidate, fold), (row, _) in side_by_side(on_all_but_a_fold, jobs):
            record.add(row)
            last = row["errors_after_pass"][-1]
            print(f"{candidate}, fold {fold}: {last} errors held out", flush=True)

    stage(CANDIDATES, FIRST_FOLDS)
    stage(best_four(), MORE_FOLDS)


def best_four() -> tuple[Configuration, ...]:
    """The candidates with the fewest held-out errors in the first two folds, the best first."""
    ordered = sorted(CANDIDATES, key=lambda candidate: sum(held_out_errors(candidate)[:2]))
    return tuple(ordered[:4])


def best() -> Configuration:
    """Of these four, the one with the fewest held-out errors in all folds."""
    return min(best_four(), key=lambda candidate: sum(held_out_errors(candidate)))


def held_out_errors(candidate: Configuration) -> list[int]:
    """The candidate's held-out errors after the last pass, fold by fold."""
    wanted = asdict(candidate).items()
    rows = [row for row in results.load(NAME)["rows"] if wanted <= row.items()]
    return [row["errors_after_pass"][-1] for row in sorted(rows, key=lambda row: row["seed"])]
