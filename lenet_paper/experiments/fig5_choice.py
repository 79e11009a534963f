"""Which configuration for Fig. 5? Nine candidates, judged on held-out training images.

No test image is loaded, but the list was made after two test counts of another configuration
(appendix A). The candidates are every combination of two losses, two readings of S2 and S4 and two
ranges of initial weights, and one with even coefficients. A training uses 55,000 of the 60,000
training digits; each fold holds out another 5,000, and starts from other weights. After two folds
the four candidates with the fewest held-out errors after the last pass are trained on two more, and
the one with the fewest in all four is `lenet_paper.configuration.HEADLINE`.
"""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product

from lenet.data import hold_out, mnist
from lenet_paper.choice import held_out_errors
from lenet_paper.configuration import Configuration, train_configured
from lenet_paper.experiment import Experiment, Job, Outcome, ResultRow

FIRST_FOLDS, MORE_FOLDS = (0, 1), (2, 3)
CANDIDATES = (
    *(
        Configuration(j=j, mean=mean, initial=initial)
        for j, mean, initial in product((None, 1.0), (False, True), ("variance", "root"))
    ),
    Configuration(j=1.0, mean=True, initial="even"),
)


def stages(rows: list[ResultRow]) -> Iterator[Job]:
    """Every candidate on the first folds; then the best four on the others."""
    yield from jobs_of(CANDIDATES, FIRST_FOLDS)
    if all(len(held_out_errors(rows, **asdict(one))) >= len(FIRST_FOLDS) for one in CANDIDATES):
        yield from jobs_of(best_four(rows), MORE_FOLDS)


def jobs_of(candidates: tuple[Configuration, ...], folds: tuple[int, ...]) -> Iterator[Job]:
    """A job for each of the candidates on each of the folds."""
    for fold, candidate in product(folds, candidates):
        yield Job(asdict(candidate) | {"seed": fold}, (candidate, fold))


def hold_out_a_fold(candidate: Configuration, fold: int) -> Outcome:
    """Train on 55,000 of the 60,000; the other 5,000, the fold of that number, measure."""
    row, _ = train_configured(candidate, fold, *hold_out(*mnist("train"), fold=fold))
    return Outcome(row)


def best_four(rows: list[ResultRow]) -> tuple[Configuration, ...]:
    """The candidates with the fewest held-out errors in the first two folds, the best first."""
    first = [row for row in rows if row["seed"] in FIRST_FOLDS]
    ordered = sorted(CANDIDATES, key=lambda one: sum(held_out_errors(first, **asdict(one))))
    return tuple(ordered[:4])


def best_configuration(rows: list[ResultRow]) -> Configuration:
    """Of these four, the one with the fewest held-out errors in all folds."""
    return min(best_four(rows), key=lambda one: sum(held_out_errors(rows, **asdict(one))))


EXPERIMENT = Experiment(
    name="fig5-choice",
    about="which configuration for Fig. 5: nine, on held-out digits",
    settings={
        "network": "lenet5-1998",
        "held_out": 5000,
        "folds": [*FIRST_FOLDS, *MORE_FOLDS],
    },
    jobs=stages,
    work=hold_out_a_fold,
)
