"""Which configuration for Fig. 5? Twelve candidates, judged on held-out training images.

No test image is loaded. The first nine candidates are every combination of two losses, two readings
of S2 and S4 and two ranges of initial weights, and one with even coefficients. A training uses
55,000 of the 60,000 training digits; each fold holds out another 5,000, and starts from other
weights. After two folds the four candidates with the fewest held-out errors after the last pass
are trained on two more. Three changes to the best of these, in the range of the biases and in j,
are then trained on all four. The candidate with the fewest errors in all four folds is
`lenet.experiments.paper_network.HEADLINE`.
"""

from dataclasses import asdict
from itertools import product

from lenet import results
from lenet.experiments.paper_network import Configuration, on_all_but_a_fold, side_by_side

NAME = "fig5-choice"
FIRST_FOLDS, MORE_FOLDS = (0, 1), (2, 3)
FIRST_CANDIDATES = (
    *(
        Configuration(j=j, mean=mean, initial=initial)
        for j, mean, initial in product((None, 1.0), (False, True), ("variance", "root"))
    ),
    Configuration(j=1.0, mean=True, initial="even"),
)
CHANGED = (
    Configuration(j=1.0, bias_factor=2.0),
    Configuration(j=1.0, bias_factor=4.0),
    Configuration(j=3.0, bias_factor=2.0),
)


def run() -> None:
    """Train the candidates of each stage, and count their held-out errors after each pass."""
    folds = (*FIRST_FOLDS, *MORE_FOLDS)
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

    stage(FIRST_CANDIDATES, FIRST_FOLDS)
    stage(best_four(), MORE_FOLDS)
    stage(CHANGED, folds)


def best_four() -> tuple[Configuration, ...]:
    """The first candidates with the fewest held-out errors in two folds, the best first."""
    ordered = sorted(FIRST_CANDIDATES, key=lambda candidate: sum(held_out_errors(candidate)[:2]))
    return tuple(ordered[:4])


def best() -> Configuration:
    """The candidate with the fewest held-out errors in all four folds."""
    return min(best_four() + CHANGED, key=lambda candidate: sum(held_out_errors(candidate)))


def held_out_errors(candidate: Configuration) -> list[int]:
    """The candidate's held-out errors after the last pass, fold by fold."""
    wanted = asdict(candidate).items()
    rows = [row for row in results.load(NAME)["rows"] if wanted <= row.items()]
    return [row["errors_after_pass"][-1] for row in sorted(rows, key=lambda row: row["seed"])]
