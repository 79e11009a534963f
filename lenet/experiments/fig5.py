"""Fig. 5: the paper's network trained as in 1998, five seeds, 20 passes over 60,000 digits.

The configuration was fixed on held-out training images (fig5-choice) and committed first; each
row names the commit it ran at. The test images are counted after each pass and choose nothing.
The weights of all five seeds ship with the package.
"""

import subprocess
from dataclasses import asdict
from pathlib import Path

from lenet import results
from lenet.data import mnist
from lenet.experiments.paper_network import HEADLINE
from lenet.experiments.paper_network import run as train
from lenet.weights import save_weights, shipped

NAME = "fig5"
SEEDS = range(5)


def run() -> None:
    """Train each seed that is still to be trained; write its curves and its weights."""
    record = results.Record(
        NAME, {"network": "lenet5-1998", "seeds": list(SEEDS), "configuration": asdict(HEADLINE)}
    )
    training, test = mnist("train"), mnist("test")
    for seed in SEEDS:
        if record.find(seed=seed):
            continue
        row, network = train(HEADLINE, seed, training, test)
        save_weights(network, shipped("lenet5-1998", seed))
        record.add(row | {"commit": commit()})
        print(f"seed {seed}: {row['errors_after_pass'][-1]} errors on the test set", flush=True)


def commit() -> str:
    """The commit that is checked out, marked where files that git tracks were changed since."""
    git = ["git", "-C", str(Path(__file__).parent)]
    described = subprocess.run(
        [*git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "not a git checkout"
