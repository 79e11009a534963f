"""Which configuration for Fig. 5? Candidates, judged on 5,000 held-out training images.

The last 5,000 of the 60,000 training images are held out, and no test image is loaded. First every
candidate is trained from one seed; then the two with the fewest held-out errors after the last
pass are trained from another, and the one with the smaller sum is
`lenet.experiments.paper_network.HEADLINE`. It was chosen before any of fig5's runs.
"""

from dataclasses import asdict

from lenet import results
from lenet.data import hold_out, mnist
from lenet.experiments.paper_network import Configuration
from lenet.experiments.paper_network import run as train

NAME = "fig5-choice"
CANDIDATES = (
    Configuration(j=None),
    Configuration(j=0.1),
    Configuration(j=1.0),
    Configuration(j=3.0),
    Configuration(j=10.0),
    Configuration(j=1.0, literal=True),
    Configuration(j=1.0, mean=True),
    Configuration(j=1.0, mean=True, initial="root"),
    Configuration(j=None, mean=True),
)


def run() -> None:
    """Train the candidates of both stages, and count their held-out errors after each pass."""
    record = results.Record(NAME, {"network": "lenet5-1998", "held_out": 5000})
    training, held_out = hold_out(*mnist("train"))

    def once(candidate: Configuration, seed: int) -> None:
        if not record.find(**asdict(candidate), seed=seed):
            row, _ = train(candidate, seed, training, held_out)
            record.add(row)
            print(f"{candidate}, seed {seed}: {row['errors_after_pass'][-1]} errors held out")

    for candidate in CANDIDATES:
        once(candidate, seed=0)
    for candidate in best_two():
        once(candidate, seed=1)


def best_two() -> list[Configuration]:
    """The two candidates with the fewest held-out errors from seed 0, the better one first."""
    return sorted(CANDIDATES, key=lambda candidate: held_out_errors(candidate, seeds=(0,)))[:2]


def best() -> Configuration:
    """Of these two, the one with fewer held-out errors from both seeds."""
    return min(best_two(), key=lambda candidate: held_out_errors(candidate, seeds=(0, 1)))


def held_out_errors(candidate: Configuration, seeds: tuple[int, ...]) -> int:
    """The candidate's errors after the last pass, summed over ``seeds``."""
    wanted = asdict(candidate).items()
    return sum(
        row["errors_after_pass"][-1]
        for row in results.load(NAME)["rows"]
        if wanted <= row.items() and row["seed"] in seeds
    )
