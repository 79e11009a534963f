"""What the paper leaves unsaid: one choice at a time changed around Fig. 5, three seeds each.

Test errors after the last of 20 passes over all 60,000 digits. They were measured after the
configuration of fig5 was fixed, and choose nothing. Its own three rows are those of fig5.
"""

from dataclasses import replace

from lenet import results
from lenet.data import mnist
from lenet.experiments.paper_network import HEADLINE
from lenet.experiments.paper_network import run as train

NAME = "unsaid"
SEEDS = range(3)
VARIATIONS = {
    "S2 and S4 on the mean": replace(HEADLINE, mean=True),
    "eq. 9, j = 0.1": replace(HEADLINE, j=0.1),
    "eq. 9, j = 1": replace(HEADLINE, j=1.0),
    "eq. 9, j = 10": replace(HEADLINE, j=10.0),
    "eq. 9, j = 30": replace(HEADLINE, j=30.0),
    "curvature of coefficients to the letter": replace(HEADLINE, literal=True),
    "random codes": replace(HEADLINE, random_codes=True),
    "initial weights in 2.4 / sqrt(F)": replace(HEADLINE, initial="root"),
    "initial weights in 2.4 / F": replace(HEADLINE, initial="paper"),
}


def run() -> None:
    """Train each variation once for each seed, and count its test errors after each pass."""
    record = results.Record(NAME, {"network": "lenet5-1998", "seeds": list(SEEDS)})
    training, test = mnist("train"), mnist("test")
    for seed in SEEDS:
        for variation, configuration in VARIATIONS.items():
            if record.find(variation=variation, seed=seed):
                continue
            row, _ = train(configuration, seed, training, test)
            record.add({"variation": variation} | row)
            print(f"{variation}, seed {seed}: {row['errors_after_pass'][-1]} errors", flush=True)
