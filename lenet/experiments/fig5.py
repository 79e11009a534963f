"""Fig. 5: the paper's network trained as in 1998, five seeds, 20 passes over 60,000 digits.

The configuration was fixed on held-out training images (fig5-choice) and committed first; each
row names that commit. The test images are counted after each pass and choose nothing.
The weights of all five seeds ship with the package.
"""

import subprocess
from dataclasses import asdict
from pathlib import Path

from lenet import results
from lenet.experiments import paper_network
from lenet.experiments.paper_network import HEADLINE, on_all_digits, side_by_side
from lenet.weights import save_weights, shipped

NAME = "fig5"
SEEDS = range(5)


def run() -> None:
    """Train each seed that is still to be trained; write its curves and its weights."""
    record = results.Record(
        NAME, {"network": "lenet5-1998", "seeds": list(SEEDS), "configuration": asdict(HEADLINE)}
    )
    commit = fixed_at()
    jobs = [(HEADLINE, seed) for seed in SEEDS if not record.find(seed=seed)]
    for (_, seed), (row, network) in side_by_side(on_all_digits, jobs):
        save_weights(network, shipped("lenet5-1998", seed))
        record.add(row | {"commit": commit})
        print(f"seed {seed}: {row['errors_after_pass'][-1]} errors on the test set", flush=True)


def fixed_at() -> str:
    """The commit that last changed the file with the configuration; "changed since" if it has."""
    where = Path(paper_network.__file__)

    def git(*arguments: str) -> subprocess.CompletedProcess:
        command = ["git", "-C", str(where.parent), *arguments, "--", where.name]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if git("diff", "--quiet", "HEAD").returncode:
        return "changed since the last commit"
    return git("log", "-1", "--format=%H").stdout.strip()
