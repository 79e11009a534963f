"""What the paper leaves unsaid: one choice at a time changed around Fig. 5, three seeds each.

Test errors after the last of 20 passes over all 60,000 digits. They were measured after the
configuration of fig5 was fixed, and choose nothing. Its own three rows are those of fig5.
"""

from dataclasses import replace

from lenet import results
from lenet.experiments.paper_network import HEADLINE, on_all_digits, side_by_side

NAME = "unsaid"
SEEDS = range(3)
VARIATIONS = {
    "eq. 8": replace(HEADLINE, j=None),
    "eq. 9 with j = 0.1": replace(HEADLINE, j=0.1),
    "eq. 9 with j = 3": replace(HEADLINE, j=3.0),
    "eq. 9 with j = 10": replace(HEADLINE, j=10.0),
    "mean of four, not sum": replace(HEADLINE, mean=True),
    "coefficients' curvature to the letter": replace(HEADLINE, literal=True),
    "random codes": replace(HEADLINE, random_codes=True),
    "first weights in 2.4/√F": replace(HEADLINE, initial="root"),
    "first weights in 2.4/F": replace(HEADLINE, initial="paper"),
}


def run() -> None:
    """Train each variation once for each seed, and count its test errors after each pass."""
    record = results.Record(NAME, {"network": "lenet5-1998", "seeds": list(SEEDS)})
    names = {configuration: name for name, configuration in VARIATIONS.items()}
    jobs = [
        (configuration, seed)
        for seed in SEEDS
        for configuration, name in names.items()
        if not record.find(variation=name, seed=seed)
    ]
    for (configuration, seed), (row, _) in side_by_side(on_all_digits, jobs):
        record.add({"variation": names[configuration]} | row)
        last = row["errors_after_pass"][-1]
        print(f"{names[configuration]}, seed {seed}: {last} errors", flush=True)
