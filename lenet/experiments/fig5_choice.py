"""Which configuration for Fig. 5? Candidates, judged on 5,000 held-out training images.

The last 5,000 of the 60,000 training images are held out, and no test image is loaded. The
candidate with the fewest held-out errors after the last pass, summed over its seeds, becomes
`lenet.experiments.paper_network.HEADLINE`. It was chosen before any of fig5's runs.
"""

from dataclasses import asdict

from lenet import results
from lenet.data import hold_out, mnist
from lenet.experiments.paper_network import Configuration
from lenet.experiments.paper_network import run as train

NAME = "fig5-choice"
SEEDS = (0, 1)
CANDIDATES = (
    Configuration(j=None),
    Configuration(j=0.1),
    Configuration(j=1.0),
    Configuration(j=10.0),
    Configuration(j=30.0),
    Configuration(j=None, literal=True),
    Configuration(j=None, mean=True),
    Configuration(j=None, initial="root"),
    Configuration(j=None, mean=True, initial="root"),
)


def run() -> None:
    """Train each candidate once for each seed, and count its held-out errors after each pass."""
    record = results.Record(NAME, {"network": "lenet5-1998", "seeds": SEEDS, "held_out": 5000})
    training, held_out = hold_out(*mnist("train"))
    for seed in SEEDS:
        for candidate in CANDIDATES:
            if record.find(**asdict(candidate), seed=seed):
                continue
            row, _ = train(candidate, seed, training, held_out)
            record.add(row)
            print(f"{candidate}, seed {seed}: {row['errors_after_pass'][-1]} errors held out")


def best() -> Configuration:
    """The candidate with the fewest held-out errors in results/fig5-choice.json."""
    rows = results.load(NAME)["rows"]

    def held_out_errors(candidate: Configuration) -> int:
        own = [row for row in rows if asdict(candidate).items() <= row.items()]
        return sum(row["errors_after_pass"][-1] for row in own)

    return min(CANDIDATES, key=held_out_errors)
