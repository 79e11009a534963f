"""The second step after the experiments: put trained weights into the package, in a checkout.

    python -m lenet_paper.ship

Run it when the weights of `SHIPPED` in results/weights/ have changed, and then
``python book/export_live.py``. Nothing else writes into `lenet`.
"""

from lenet import results
from lenet.networks import NETWORKS
from lenet.weights import save_weights, shipped
from lenet_paper.kept import kept_network
from lenet_paper.record import find

SHIPPED = {"lenet5": ("summary", 0), "lenet5-1998": ("fig5", 0)}  # network: experiment, seed


def ship() -> None:
    for name, (experiment, seed) in SHIPPED.items():
        row = find(results.load(experiment)["rows"], {"seed": seed}) or {}
        about = {"recipe": f"reproduce {experiment}", "seed": seed, "licence": "MIT"}
        about["commit"] = row.get("commit", results.load(experiment).get("commit", "not recorded"))
        save_weights(kept_network(NETWORKS[name](), experiment, seed), shipped(name), **about)
        print(f"{shipped(name)}: {experiment}, seed {seed}")


if __name__ == "__main__":
    ship()
