"""The second step after the experiments: put trained weights into the package, in a checkout.

    python -m lenet_paper.ship

Run it when the weights of `SHIPPED` in results/weights/ have changed, and then
``python book/export_live.py``. Nothing else writes into `lenet`.
"""

import sys

from lenet import results
from lenet.networks import NETWORKS
from lenet.weights import FOLDER, save_weights, shipped
from lenet_paper.kept import kept_network
from lenet_paper.record import find

SHIPPED = {"lenet5": ("summary", 0), "lenet5-1998": ("fig5", 0)}  # network: experiment, seed


def ship() -> None:
    """Copy them, all or none. Raises ``RuntimeError`` where the package is installed."""
    if not (FOLDER.parents[1] / "pyproject.toml").is_file():
        raise RuntimeError(f"ship is for a checkout: {FOLDER} belongs to an installed package")
    networks = {name: kept_network(NETWORKS[name](), *kept) for name, kept in SHIPPED.items()}
    for name, (experiment, seed) in SHIPPED.items():
        record = results.load(experiment)
        row = find(record["rows"], {"seed": seed}) or {}
        save_weights(
            networks[name],
            shipped(name),
            recipe=f"reproduce {experiment}",
            seed=seed,
            licence="MIT",
            commit=row.get("commit", record["commit"]),
        )
        print(f"{shipped(name)}: {experiment}, seed {seed}")


if __name__ == "__main__":
    try:
        ship()
    except (OSError, RuntimeError, ValueError) as problem:
        sys.exit(f"python -m lenet_paper.ship: {problem}")
